// SPDX-License-Identifier: Apache-2.0
// tlbstorm baseline: runs kept to compare with, small enough for git.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <iostream>

#include "harness/cli/command.hpp"
#include "harness/compare/side.hpp"
#include "harness/os/error.hpp"
#include "harness/os/named_path.hpp"
#include "harness/record/folders.hpp"
#include "harness/record/reference.hpp"
#include "harness/report/batch_table.hpp"
#include "harness/report/table.hpp"

namespace tlbstorm::cli {
namespace {

namespace fs = std::filesystem;
using report::Table;

void print_list(const fs::path& folder) {
  const std::vector<fs::path> all = record::list_references(folder);
  if (all.empty())
    throw os::Error(fmt::format("{}: there is no baseline in it", folder.native()),
                    "tlbstorm baseline add RUN makes one");
  Table table({{"machine", Table::Align::left},
               {"name", Table::Align::left},
               {"workload", Table::Align::left},
               {"kernel", Table::Align::left},
               {"runs"},
               {"valid trials"},
               {"made", Table::Align::left}});
  for (const fs::path& path : all) {
    const compare::Side side = compare::read_side("base", {path});
    table.add({path.parent_path().filename(), path.filename(), side.manifest().plan.workload,
               side.manifest().fact("kernel_release"), std::to_string(side.runs().size()),
               fmt::format("{}/{}", side.valid_trials(), side.trials()), side.manifest().started});
  }
  std::cout << table.text("  ", false);
}

fs::path named_run(const fs::path& folder, const std::string& name) {
  fs::path path = record::find_reference("NAME", folder, name);
  os::require_there("NAME", path, "name a baseline, or a run folder");
  return path;
}

}  // namespace

int baseline(const Arguments& given) {
  return guarded([&] {
    CLI::App app(
        "Keeps runs to compare with: their manifest and what their trials gave, without the samples.",
        "tlbstorm baseline");
    std::string folder = record::kReferenceFolder, run, name, shown, refreshed;
    const CLI::Option* const named =
        app.add_option("--folder", folder, "where they are kept, in a folder for each kind of machine")
            ->capture_default_str();
    app.require_subcommand(1);
    app.fallthrough();
    CLI::App* const add = app.add_subcommand("add", "keep a run, a sweep, a suite or repeated runs");
    add->add_option("RUN", run, "a run folder, or that of a sweep or suite")->required();
    add->add_option("--name", name, "what it is called; by default its workload, preset, label and kernel");
    CLI::App* const refresh =
        app.add_subcommand("refresh", "put a run in a baseline's place; the former is kept");
    refresh->add_option("NAME", refreshed, "its name or path")->required();
    refresh->add_option("RUN", run, "a run folder, or that of a sweep or suite")->required();
    CLI::App* const list = app.add_subcommand("list", "those there are");
    CLI::App* const show = app.add_subcommand("show", "print one's summary");
    show->add_option("NAME", shown, "its name or path")->required();
    parse(app, given);
    os::nearest_folder("--folder", folder);
    if (*add || *refresh) os::require_there("RUN", run, "name a run folder");
    if (*add) std::cout << record::add_reference(run, folder, name).native() << "\n";
    if (*refresh) {
      const fs::path reference = named_run(folder, refreshed);
      const fs::path former = record::refresh_reference(reference, run);
      std::cout << fmt::format("{}\nwhat was there is {}\n", reference.native(), former.native());
    }
    if (!*add && *named && !record::may_be_there(folder))
      throw os::UsageError("--folder", folder, "no such folder", "tlbstorm baseline add RUN makes one");
    if (*list) print_list(folder);
    if (*show) std::cout << report::told(named_run(folder, shown));
    return kOk;
  });
}

}  // namespace tlbstorm::cli

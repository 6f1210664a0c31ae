// SPDX-License-Identifier: Apache-2.0
// tlbstorm list: workloads, probes with their availability on this machine, and metrics.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <iostream>

#include "harness/cli/command.hpp"
#include "harness/judge/metrics.hpp"
#include "harness/machine/facts.hpp"
#include "harness/os/error.hpp"
#include "harness/probe/probe.hpp"
#include "harness/trial/workload.hpp"

namespace tlbstorm::cli {
namespace {

void list_workloads() {
  std::cout << "workloads\n";
  for (const trial::Definition& definition : trial::workloads()) {
    std::cout << fmt::format("  {:<22}{}\n", definition.name, definition.summary);
    std::cout << fmt::format("  {:<22}one operation: {}\n", "", definition.operation);
    std::cout << fmt::format("  {:<22}only explaining trials carry: {}\n", "",
                             fmt::join(definition.disturbed_by, ", "));
    for (const trial::Preset& preset : definition.presets)
      std::cout << fmt::format("  {:<22}--preset {}: {}\n", "", preset.name, preset.help);
  }
}

void list_probes() {
  const machine::Machine machine = machine::inspect();
  // Any cgroup tells whether the trial's own could be read; the parent of the ones to come is at hand.
  const probe::Target target{.proc = "/proc",
                             .cgroup_version = machine.cgroup.version,
                             .cgroup = machine.cgroup.parent,
                             .online_cpus = machine.topology.online};
  std::cout << "probes\n";
  for (const probe::Source& source : probe::sources()) {
    std::cout << fmt::format("  {:<22}{}\n", source.name, source.meaning);
    const probe::Offer offer = probe::look(source, target);
    if (const auto* const absent = std::get_if<probe::Unavailable>(&offer)) {
      std::cout << fmt::format("  {:<22}not available here: {}{}{}\n", "", absent->reason,
                               absent->remedy.empty() ? "" : "; ", absent->remedy);
    } else {
      const std::size_t columns = std::get<std::vector<probe::Column>>(offer).size();
      std::cout << fmt::format("  {:<22}available: {} column{}{}\n", "", columns, columns == 1 ? "" : "s",
                               source.cadence == probe::Cadence::edges_only ? ", read at phase edges"
                               : source.on_request                          ? ", with --probes all"
                                                                            : "");
    }
  }
}

template <typename Print>
void for_own_figures(Print print) {
  for (const trial::Definition& definition : trial::workloads())
    for (const trial::OwnFigure& figure : definition.figures) print(definition, figure);
}

void list_metrics() {
  std::cout << "metrics\n";
  for (const judge::Metric& metric : judge::metrics()) {
    std::cout << fmt::format("  {:<28}{:<15}better: {}\n", metric.name, metric.unit,
                             trial::name(metric.better));
    std::cout << fmt::format("  {:<28}{}\n", "", metric.meaning);
  }
  std::cout << "figures of single workloads\n";
  for_own_figures([](const trial::Definition& definition, const trial::OwnFigure& figure) {
    std::cout << fmt::format("  {:<28}{:<15}better: {}\n", figure.name, figure.unit,
                             trial::name(figure.better));
    std::cout << fmt::format("  {:<28}{}: {}\n", "", definition.name, figure.meaning);
  });
}

/// The table of results/README.md, which a test compares with this.
void list_metrics_as_markdown() {
  std::cout << "| metric | unit | better | meaning |\n|---|---|---|---|\n";
  for (const judge::Metric& metric : judge::metrics())
    std::cout << fmt::format("| `{}` | {} | {} | {} |\n", metric.name, metric.unit,
                             trial::name(metric.better), metric.meaning);
  for_own_figures([](const trial::Definition& definition, const trial::OwnFigure& figure) {
    std::cout << fmt::format("| `{}` | {} | {} | {}: {} |\n", figure.name, figure.unit,
                             trial::name(figure.better), definition.name, figure.meaning);
  });
}

}  // namespace

int list(const Arguments& given) {
  return guarded([&] {
    CLI::App app("Lists workloads, probes (and whether this machine has them) and metrics", "tlbstorm list");
    std::string what = "all";
    app.add_option("WHAT", what, "workloads, probes or metrics; all of them if left out");
    bool markdown = false;
    app.add_flag("--markdown", markdown, "metrics as a table for a document");
    parse(app, given);
    const bool all = what == "all";
    if (markdown && !all && what != "metrics")
      throw os::UsageError("--markdown", "true", fmt::format("there is no such table of {}", what),
                           "list metrics --markdown");
    if (!all && what != "workloads" && what != "probes" && what != "metrics")
      throw os::UsageError("WHAT", what, "nothing of that name", "give workloads, probes or metrics");
    if (markdown) {
      list_metrics_as_markdown();
      return kOk;
    }
    if (all || what == "workloads") list_workloads();
    if (all) std::cout << "\n";
    if (all || what == "probes") list_probes();
    if (all) std::cout << "\n";
    if (all || what == "metrics") list_metrics();
    return kOk;
  });
}

}  // namespace tlbstorm::cli

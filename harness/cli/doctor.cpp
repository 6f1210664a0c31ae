// SPDX-License-Identifier: Apache-2.0
// tlbstorm doctor: what on this machine would spoil a measurement, why, and the command that fixes it. With
// --fix it fixes what can be undone; `tlbstorm restore` takes that back.
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <iostream>

#include "harness/cli/command.hpp"
#include "harness/cli/console.hpp"
#include "harness/cli/finding_output.hpp"
#include "harness/cli/lock_options.hpp"
#include "harness/cli/screen.hpp"
#include "harness/machine/checkup.hpp"
#include "harness/os/error.hpp"
#include "harness/os/fd.hpp"
#include "harness/os/setting.hpp"
#include "harness/os/text.hpp"

namespace tlbstorm::cli {
namespace {

using machine::Examined;
using machine::Profile;

std::vector<Examined> examine(Profile profile) {
  machine::Snapshot snapshot = machine::take_snapshot(machine::inspect());
  snapshot.busy_with_others = machine::measure_load();
  std::vector<Examined> all;
  for (const machine::DoctorCheck& check : machine::checks_of(profile))
    all.push_back(machine::examine(check, snapshot));
  return all;
}

Profile profile_named(const std::string& name) {
  if (name == "reclaim") return Profile::reclaim;
  if (name == "swap-ssd") return Profile::swap_ssd;
  if (name == "ci") return Profile::ci;
  throw os::UsageError("--profile", name, "no such profile", "give reclaim, swap-ssd or ci");
}

report::FindingReport report_on(const std::vector<Examined>& all, const std::string& profile) {
  report::FindingReport report;
  report.title = "tlbstorm doctor";
  report.context = {{"profile", profile}};
  for (const Examined& one : all) report.rows.push_back({one.finding});
  return report;
}

/// Writes down and makes every change that can be taken back. What can't be made is said, and the rest done.
void fix(const std::vector<Examined>& all) {
  os::Journal journal;
  int changes = 0;
  for (const auto& [finding, repairs] : all) {
    for (const auto& [path, value] : repairs) try {
        const std::string before(os::chosen(os::read_text(path)));
        os::set_kernel_file(journal, path, value);
        ++changes;
        std::cout << fmt::format("fixed: {}: {} was {}, is {}\n", finding.id, path.native(), before, value);
      } catch (const os::Error& error) {
        std::cout << fmt::format("not fixed: {}: {}\n", finding.id, error.what());
      }
  }
  journal.keep_in_force();
  if (changes == 0)
    std::cout << "nothing was changed\n\n";
  else
    std::cout << "`tlbstorm restore` takes this back; after a reboot it is as before in any case\n\n";
}

int exit_code(const std::vector<Examined>& all) {
  const auto failed = [](const Examined& one) { return one.finding.grade == os::Grade::failed; };
  return std::any_of(all.begin(), all.end(), failed) ? kFailed : kOk;
}

}  // namespace

int doctor(const Arguments& given) {
  return guarded([&] {
    CLI::App app("What on this machine would spoil a measurement. Exit code 1 when a check fails.",
                 "tlbstorm doctor");
    std::string profile = "reclaim";
    FindingOutput output;
    bool json = false, repair = false;
    LockOptions lock_options;
    app.add_option("--profile", profile, "what the machine is for: reclaim, swap-ssd or ci")
        ->capture_default_str();
    output.add_to(app);
    app.add_flag("--json", json, "the same as --format json");
    app.add_flag("--fix", repair, "fixes what can be undone; `tlbstorm restore` takes it back");
    add_lock_options(app, lock_options);
    parse(app, given);
    const Profile wanted = profile_named(profile);
    if (json) output.format = "json";
    output.check();
    std::vector<Examined> all = examine(wanted);
    if (repair) {
      if (output.format != "text")
        throw os::UsageError("--format", output.format, "not with --fix", "run --fix first");
      Screen screen(true);
      const MachineLock lock(lock_options, screen);
      campaign::restore_leftovers(screen);  // or what a killed run had set would be noted as what there was
      fix(examine(wanted));
      all = examine(wanted);
    }
    report::FindingReport report = report_on(all, profile);
    report.coloured = may_paint(STDOUT_FILENO) && output.format == "text";
    const bool published = output.publish(report);
    const int code = exit_code(all);
    return code == kOk && !published ? kFailed : code;
  });
}

}  // namespace tlbstorm::cli

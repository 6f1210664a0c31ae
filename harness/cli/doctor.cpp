// SPDX-License-Identifier: Apache-2.0
// tlbstorm doctor: what on this machine would spoil a measurement, why, and the command that mends it. With
// --fix it mends what can be undone; `tlbstorm restore` takes that back.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <iostream>
#include <nlohmann/json.hpp>

#include "harness/cli/command.hpp"
#include "harness/cli/lock_options.hpp"
#include "harness/cli/screen.hpp"
#include "harness/machine/checkup.hpp"
#include "harness/os/error.hpp"
#include "harness/os/fd.hpp"
#include "harness/os/setting.hpp"
#include "harness/os/text.hpp"
#include "harness/record/json_file.hpp"

namespace tlbstorm::cli {
namespace {

using machine::Finding;
using machine::Grade;
using machine::Profile;

struct Examined {
  std::string_view check;
  Finding finding;
};

std::vector<Examined> examine(Profile profile) {
  machine::Snapshot snapshot = machine::take_snapshot(machine::inspect());
  snapshot.busy_with_others = machine::measure_load();
  std::vector<Examined> all;
  for (const machine::Check& check : machine::checks_of(profile))
    all.push_back({check.name, machine::examine(check, snapshot)});
  return all;
}

Profile profile_named(const std::string& name) {
  if (name == "reclaim") return Profile::reclaim;
  if (name == "swap-ssd") return Profile::swap_ssd;
  if (name == "ci") return Profile::ci;
  throw os::UsageError("--profile", name, "no such profile", "give reclaim, swap-ssd or ci");
}

/// The width of the column of what was found; a text that is longer (paths) goes over it.
std::size_t width_of_found(const std::vector<Examined>& all) {
  constexpr std::size_t kWidest = 44;
  std::size_t width = 0;
  for (const auto& [check, finding] : all)
    if (finding.found.size() <= kWidest) width = std::max(width, finding.found.size());
  return width;
}

void print_table(const std::vector<Examined>& all) {
  const std::size_t width = width_of_found(all);
  std::cout << fmt::format("  {:<9}{:<24}{:<{}}  {}\n", "verdict", "check", "found", width, "wanted");
  for (const auto& [check, finding] : all) {
    std::cout << fmt::format("  {:<9}{:<24}{:<{}}  {}\n", machine::name(finding.grade), check, finding.found,
                             width, finding.wanted);
    if (finding.grade == Grade::ok) continue;
    std::cout << fmt::format("  {:<9}{}\n", "", finding.why);
    if (!finding.command.empty()) std::cout << fmt::format("  {:<9}mend: {}\n", "", finding.command);
  }
}

void print_json(const std::vector<Examined>& all) {
  nlohmann::ordered_json json = nlohmann::ordered_json::array();
  for (const auto& [check, finding] : all) {
    nlohmann::ordered_json entry{{"check", check},
                                 {"verdict", machine::name(finding.grade)},
                                 {"found", finding.found},
                                 {"wanted", finding.wanted},
                                 {"why", finding.why}};
    if (!finding.command.empty()) entry["command"] = finding.command;
    entry["fixable"] = !finding.fix.empty();
    json.push_back(std::move(entry));
  }
  std::cout << record::json_text(json);
}

/// Writes down and makes every change that can be taken back. What can't be made is said, and the rest done.
void fix(const std::vector<Examined>& all) {
  os::Journal journal;
  int changes = 0;
  for (const auto& [check, finding] : all) {
    for (const auto& [path, value] : finding.fix) try {
        const std::string before(os::chosen(os::read_text(path)));
        os::set_kernel_file(journal, path, value);
        ++changes;
        std::cout << fmt::format("fixed: {}: {} was {}, is {}\n", check, path.native(), before, value);
      } catch (const os::Error& error) {
        std::cout << fmt::format("not fixed: {}: {}\n", check, error.what());
      }
  }
  journal.keep_in_force();
  if (changes == 0)
    std::cout << "nothing was changed\n\n";
  else
    std::cout << "`tlbstorm restore` takes this back; after a reboot it is as before in any case\n\n";
}

int verdict(const std::vector<Examined>& all) {
  const auto failed = [](const Examined& one) { return one.finding.grade == Grade::fail; };
  return std::any_of(all.begin(), all.end(), failed) ? kFailed : kOk;
}

}  // namespace

int doctor(const Arguments& given) {
  return guarded([&] {
    CLI::App app("What on this machine would spoil a measurement. Exit code 1 when a check fails.",
                 "tlbstorm doctor");
    std::string profile = "reclaim";
    bool json = false, mend = false;
    LockOptions lock_options;
    app.add_option("--profile", profile, "what the machine is for: reclaim, swap-ssd or ci")
        ->capture_default_str();
    app.add_flag("--json", json, "for other programs");
    app.add_flag("--fix", mend, "mends what can be undone; `tlbstorm restore` takes it back");
    add_lock_options(app, lock_options);
    parse(app, given);
    const Profile wanted = profile_named(profile);
    std::vector<Examined> all = examine(wanted);
    if (mend) {
      if (json) throw os::UsageError("--json", "--fix", "one of them", "run --fix first, then --json");
      Screen screen(true);
      const MachineLock lock(lock_options, screen);
      campaign::restore_leftovers(screen);  // or what a killed run had set would be noted as what there was
      fix(examine(wanted));
      all = examine(wanted);
    }
    json ? print_json(all) : print_table(all);
    return verdict(all);
  });
}

}  // namespace tlbstorm::cli

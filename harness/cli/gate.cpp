// SPDX-License-Identifier: Apache-2.0
// tlbstorm gate: whether new runs keep to rules. Exit code 0 pass, 1 fail, 2 usage, 3 not enough evidence,
// 125 when there is no run to judge.
#include "harness/compare/gate/gate.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <filesystem>
#include <iostream>

#include "harness/campaign/confirm.hpp"
#include "harness/cli/command.hpp"
#include "harness/cli/console.hpp"
#include "harness/cli/finding_output.hpp"
#include "harness/cli/lock_options.hpp"
#include "harness/cli/screen.hpp"
#include "harness/compare/batches.hpp"
#include "harness/compare/change_text.hpp"
#include "harness/compare/gate/question.hpp"
#include "harness/judge/sample_digest.hpp"
#include "harness/os/error.hpp"
#include "harness/os/named_path.hpp"
#include "harness/os/units.hpp"
#include "harness/record/reference.hpp"
#include "harness/report/formats.hpp"
#include "harness/report/gate_formats.hpp"

namespace tlbstorm::cli {
namespace {

using compare::Ruling;

struct GateCommand {
  std::vector<std::string> folders, more_base, rules, waivers;
  std::string rules_file, unsure, floors = compare::kFloorFolder;
  FindingOutput output;
  bool confirm = false, self_test = false, force = false, paired = false;
  double alpha = compare::kGateAlpha;
  LockOptions lock;
};

std::vector<compare::Rule> given_rules(const GateCommand& command) {
  std::vector<compare::Rule> rules;
  for (const std::string& text : command.rules) rules.push_back(compare::parse_rule(text));
  if (!command.rules_file.empty())
    for (compare::Rule& rule : compare::read_rules(command.rules_file)) rules.push_back(std::move(rule));
  return rules;
}

/// Where the base has the metric: where only the new side lacks it, that is said.
bool concerns(const compare::Rule& rule, const compare::GatePair& pair) {
  if (pair.base == nullptr) return false;
  return rule.metric == compare::kPrimary ? !compare::primary_of(pair, rule).empty()
                                          : pair.base->has(rule.metric);
}

std::vector<compare::Rule> default_rules(std::span<const compare::GatePair> pairs) {
  for (std::vector<compare::Rule> rules :
       {compare::default_rules(), compare::default_rules_of_benchmarks()}) {
    std::erase_if(rules, [&](const compare::Rule& rule) {
      return std::ranges::none_of(pairs, [&](const compare::GatePair& pair) { return concerns(rule, pair); });
    });
    if (!rules.empty()) return rules;
  }
  throw os::UsageError("these runs have no metric that a gate looks at by itself",
                       "say what it is to look at: --rule 'METRIC <= +5%'");
}

/// What stands in a run's place is a bad argument, and so is a base that is not there; the new runs are what
/// was to be made, and may not have been.
void require_made(const std::vector<std::string>& folders, const std::vector<std::string>& more_base) {
  for (const std::string& folder : folders)
    if (os::is_there("RUN", folder)) os::require_there("RUN", folder, "name a run folder");
  for (const std::string& folder : more_base) os::require_there("--base", folder, "name a run folder");
  for (std::size_t i = folders.size() > 1 ? 1 : 0; i < folders.size(); ++i)
    if (!compare::holds_runs(folders[i]))
      throw os::Error(fmt::format("RUN {}: there is no run to judge", folders[i]), "see what its run said");
}

bool looks_at_columns(const std::vector<compare::Rule>& rules) {
  return std::any_of(rules.begin(), rules.end(),
                     [](const compare::Rule& rule) { return judge::is_column(rule.metric); });
}

/// Invalid trials are no evidence: told where a side has any.
void note_invalid(std::span<const compare::GatePair> pairs, compare::Gate& gate) {
  for (const compare::GatePair& pair : pairs)
    for (const compare::Side* const side : {pair.base, pair.next})
      if (side != nullptr && side->valid_trials() < side->trials())
        gate.notes.push_back(fmt::format("{}{}: {} of {} trials are invalid and no evidence",
                                         pair.title.empty() ? "" : pair.title + ": ", side->name(),
                                         side->trials() - side->valid_trials(), side->trials()));
}

int print_self_test(const std::vector<compare::Sensitivity>& found) {
  bool all = true;
  std::cout << "tlbstorm gate --self-test: what would be caught on these data\n\n";
  for (const compare::Sensitivity& one : found) {
    all &= one.caught_from.has_value();
    std::cout << fmt::format(
        "  {}{} ({}): {}\n", one.title.empty() ? "" : one.title + ": ", one.rule, one.metric,
        one.caught_from ? "fails from a change of " + compare::format_change(*one.caught_from) + " on"
                        : "CAN'T FAIL: no change up to ten times the base is caught; more trials are needed");
  }
  if (found.empty())
    std::cout << "  no rule is about a change; a rule about a value fails when its median is beyond\n";
  return all ? kOk : kUnsure;
}

std::string side_text(const compare::Side* side) {
  return side == nullptr ? "" : compare::describe_side(*side);
}

void check_unsure(const std::string& name) {
  if (!name.empty() && name != "pass" && name != "fail" && name != "skip")
    throw os::UsageError("--unsure", name, "not a way to count it", "give pass, fail or skip");
}

int exit_code(Ruling ruling, const std::string& unsure) {
  if (ruling == Ruling::unsure) {
    if (unsure == "pass") return kOk;
    if (unsure == "skip") return kNotMade;
    return unsure == "fail" ? kFailed : kUnsure;
  }
  return ruling == Ruling::pass ? kOk : kFailed;
}

/// The base may be a baseline's name.
void find_base(std::vector<std::string>& folders, std::vector<std::string>& more_base) {
  if (folders.size() > 1)
    folders.front() = record::find_reference("RUN", record::kReferenceFolder, folders.front());
  for (std::string& folder : more_base)
    folder = record::find_reference("--base", record::kReferenceFolder, folder);
}

int judge(const GateCommand& command) {
  command.output.check();
  std::vector<compare::Rule> rules = given_rules(command);
  require_made(command.folders, command.more_base);
  const std::vector<compare::Sides> sides = compare::read_sides(
      {command.folders.begin(), command.folders.end()}, {command.more_base.begin(), command.more_base.end()},
      true, looks_at_columns(rules));
  std::vector<compare::GatePair> pairs;
  os::nearest_folder("--floors", command.floors);
  compare::GateOptions options{command.alpha, command.paired, compare::Floors(command.floors)};
  for (const compare::Sides& one : sides) {
    const compare::Side* const base = one.base.empty() ? nullptr : &one.base.front();
    if (base != nullptr && !one.of_one_folder && !command.force) refuse_unlike(differences(*base, one.next));
    if (!one.next.was_made())
      throw os::Error(fmt::format("{}: no trial was made", compare::describe_side(one.next)),
                      "see tlbstorm report");
    pairs.push_back({one.title, base, &one.next});
    options.paired |= one.paired;
  }
  if (rules.empty()) rules = default_rules(pairs);
  if (command.self_test) return print_self_test(compare::self_test(pairs, rules, options));
  report::GateReport report{compare::judge(pairs, rules, options), side_text(pairs.front().base),
                            side_text(pairs.front().next), command.unsure != "pass",
                            may_paint(STDOUT_FILENO) && command.output.format == "text"};
  note_invalid(pairs, report.gate);
  for (const std::string& name : sides.front().missing) {
    report.gate.notes.push_back(fmt::format("only the base has the run {}", name));
    report.gate.complete = false;
  }
  compare::waive(command.waivers, report.gate);
  if (command.confirm && report.gate.ruling() == Ruling::fail) {
    Screen screen(true);
    const int code = campaign::confirm(pairs, options, command.lock, screen, report.gate);
    if (code >= kSignal) return code;
  }
  const bool published = command.output.publish(findings_of(report), [&] { return gate_json(report); });
  const int code = exit_code(report.gate.ruling(), command.unsure);
  return code == kOk && !published ? kFailed : code;
}

}  // namespace

int gate(const Arguments& given) {
  return guarded([&] {
    CLI::App app(
        "Whether new runs keep to rules. Exit code 0 pass, 1 fail, 2 usage, 3 not enough evidence,\n"
        "125 when there is no run to judge (git bisect skips). Invalid trials are no evidence.",
        "tlbstorm gate");
    GateCommand command;
    std::string alpha = fmt::format("{}", command.alpha);
    app.add_option("RUN", command.folders,
                   "the base, a folder or a baseline's name, then one or several new runs; one alone for "
                   "absolute rules")
        ->required();
    app.add_option("--base", command.more_base, "more runs of the base")->expected(1, kMostWords);
    app.add_option("--rule", command.rules,
                   "'ipis_per_page <= +5%', 'fault_latency_p99 <= 20us'; may be repeated");
    app.add_option("--rules", command.rules_file, "a file with one rule per line");
    app.add_option("--waive", command.waivers,
                   "RULE=REASON: a rule that is told, and does not decide; may be repeated");
    command.output.add_to(app);
    app.add_option("--unsure", command.unsure,
                   "pass, fail or skip (125): what not enough evidence counts as; else exit code 3");
    app.add_option("--alpha", alpha, "rate of false alarms, over all rules")->capture_default_str();
    app.add_flag("--confirm", command.confirm,
                 "before it fails: run the workload again, interleaved, where it can");
    add_lock_options(app, command.lock);
    app.add_option("--floors", command.floors,
                   "how far runs of the same lie apart on this machine, as tlbstorm calibrate measured it")
        ->capture_default_str();
    app.add_flag("--self-test", command.self_test, "show from which change on each rule fails on these data");
    app.add_flag("--paired", command.paired, "trials were interleaved: the n-th of a side belong together");
    app.add_flag("--force", command.force, "judge other work and other machines all the same");
    parse(app, given);
    command.alpha = os::parse_real("--alpha", alpha, 1e-6, 0.5);
    check_unsure(command.unsure);
    try {
      find_base(command.folders, command.more_base);
      return judge(command);
    } catch (const os::UsageError&) {
      throw;
    } catch (const os::Error& error) {
      complain(error.what(), error.hint());
    } catch (const std::exception& error) {  // whatever it is, it is no regression
      complain(error.what(), "");
    }
    return kNotMade;
  });
}

}  // namespace tlbstorm::cli

// SPDX-License-Identifier: Apache-2.0
// tlbstorm ab: two settings of one machine against each other, interleaved, until the answer is clear.
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <iostream>

#include "harness/campaign/interleave.hpp"
#include "harness/cli/console.hpp"
#include "harness/cli/lock_options.hpp"
#include "harness/cli/preview.hpp"
#include "harness/cli/screen.hpp"
#include "harness/cli/side_words.hpp"
#include "harness/compare/batches.hpp"
#include "harness/compare/change_text.hpp"
#include "harness/compare/gate/sequential.hpp"
#include "harness/judge/metrics.hpp"
#include "harness/os/clock.hpp"
#include "harness/os/error.hpp"
#include "harness/os/units.hpp"
#include "harness/record/recorder.hpp"
#include "harness/report/formats.hpp"
#include "harness/trial/given.hpp"

namespace tlbstorm::cli {
namespace {

struct AbOptions {
  std::string base, next, budget = "10m", output;
  std::vector<std::string> metrics;  ///< none: the questions of the workload
  double alpha = 0.05, same_within = 0.02;
  bool quiet = false, dry_run = false;
  LockOptions lock;
};

campaign::BatchRun side_of(const trial::Definition& definition, const Arguments& common,
                           const std::string& option, const std::string& said) {
  const SideWords words = side_words(said);
  try {
    campaign::side_run(definition, {words.options});
  } catch (const os::UsageError& error) {
    throw os::UsageError(option, said, error.what(), error.hint());
  }
  campaign::BatchRun run = campaign::side_run(definition, {common, words.options});
  run.prepare = words.command;
  return run;
}

/// Before anything runs: an unknown name would only be found out at the end.
std::vector<std::string> metrics_of(const std::string& asked, const trial::Definition& definition) {
  std::vector<std::string> known;
  for (const judge::Metric& metric : judge::metrics()) known.emplace_back(metric.name);
  for (const trial::OwnFigure& figure : definition.figures) known.emplace_back(figure.name);
  std::vector<std::string> metrics = os::split_list("--metrics", asked);
  for (const std::string& metric : metrics) {
    if (std::find(known.begin(), known.end(), metric) != known.end()) continue;
    const std::string near = os::nearest(metric, known);
    throw os::UsageError("--metrics", metric, "no such metric",
                         near.empty() ? "see: tlbstorm list metrics" : fmt::format("did you mean {}?", near));
  }
  return metrics;
}

void print_look(const compare::Look& look, std::size_t pairs,
                const std::vector<compare::MetricChange>& answers) {
  std::string line = fmt::format("{:>4} pairs, at alpha {:.2g}:", pairs, look.alpha);
  for (const compare::MetricChange& one : answers)
    line += fmt::format("  {} {} {}", one.metric.name, compare::format_change(one), name(one.verdict));
  show("{}\n", line);
}

std::string conclusion(const std::vector<compare::MetricChange>& answers, const compare::Look& look,
                       double alpha, bool in_time) {
  std::string out =
      fmt::format("\n  {} at alpha {:.2g}, of which this look has {:.2g}:\n",
                  in_time ? "settled" : "the budget is spent; what can be said", alpha, look.alpha);
  for (const compare::MetricChange& one : answers)
    out += fmt::format("    {:<22}{:<8}{} ({})\n", one.metric.name, name(one.verdict),
                       compare::format_change(one), compare::format_interval(one));
  return out;
}

/// Runs pairs until a look settles all, or the budget is spent.
int run_until_clear(campaign::Interleaver& interleaver, const AbOptions& options, os::Nanoseconds budget,
                    std::string& said) {
  const auto begun = os::now();
  std::vector<std::string> metrics = options.metrics;
  std::vector<compare::MetricChange> answers;
  for (std::size_t k = 1;; ++k) {
    const compare::Look look = compare::look(k, options.alpha);
    bool spent = false;
    while (interleaver.valid_pairs() < look.pairs && !spent) {
      if (const int code = interleaver.run_pair(); code >= kSignal) return code;
      const auto each = (os::now() - begun) / static_cast<std::int64_t>(interleaver.pairs());
      spent = os::now() - begun + each > budget;
    }
    const compare::Side base = interleaver.base(), next = interleaver.next();
    if (metrics.empty()) metrics = compare::questions_of(base);
    answers = compare::answers(base, next, metrics, look, options.same_within);
    if (answers.empty())
      throw os::Error(
          "no pair of valid trials has what is asked for",
          fmt::format("look at why they are invalid: tlbstorm report {}", interleaver.folder().native()));
    if (!options.quiet) print_look(look, interleaver.valid_pairs(), answers);
    if (compare::settled(answers) || spent) {
      said = conclusion(answers, look, options.alpha, compare::settled(answers));
      return kOk;
    }
  }
}

}  // namespace

int ab(const Arguments& given) {
  return guarded([&] {
    CLI::App app(
        "Two settings against each other on this machine: trials in turn, A B B A, until each figure is "
        "surely\n"
        "better, worse or the same, or the budget is spent. Options of `tlbstorm run WORKLOAD` go to both "
        "sides.\n"
        "Example: tlbstorm ab swap-churn --swap zram:1G --base '--sysctl vm.page-cluster=3' --new '--sysctl "
        "vm.page-cluster=0'",
        "tlbstorm ab WORKLOAD");
    AbOptions options;
    app.add_option("--base", options.base,
                   "run options of this side ('--workers 2'), or a command before its trials");
    app.add_option("--new", options.next, "the same of the other side")->required();
    app.add_option("--budget", options.budget, "the longest that it may take")->capture_default_str();
    std::string metrics, alpha = "0.05", same_within = "0.02";
    app.add_option("--metrics", metrics, "what is to be answered, separated by commas");
    app.add_option("--alpha", alpha, "rate of false alarms, over all looks and metrics")
        ->capture_default_str();
    app.add_option("--same-within", same_within, "a change surely smaller is none")->capture_default_str();
    app.add_option("--output", options.output, "folder of the runs; a new one in results/ by default");
    app.add_flag("--quiet", options.quiet, "the result only");
    add_lock_options(app, options.lock);
    app.add_flag("--dry-run", options.dry_run, "print the plans of both sides and touch nothing");
    app.allow_extras();
    parse(app, given);
    options.alpha = os::parse_real("--alpha", alpha, 1e-6, 0.5);
    options.same_within = os::parse_real("--same-within", same_within, 0, 1);
    Arguments common = app.remaining();
    const trial::Definition& definition = trial::find_workload(trial::take_workload(common));
    Arguments command{"tlbstorm", "ab"};
    command.insert(command.end(), given.begin(), given.end());
    if (!metrics.empty()) options.metrics = metrics_of(metrics, definition);
    const os::Nanoseconds budget = os::parse_duration("--budget", options.budget);
    if (budget <= os::Nanoseconds{0})
      throw os::UsageError("--budget", options.budget, "no time for any pair", "give a time such as 10m");
    campaign::side_run(definition, {common});  // refused under its own name
    const campaign::BatchRun base = side_of(definition, common, "--base", options.base),
                             next = side_of(definition, common, "--new", options.next);
    const nlohmann::ordered_json sides{{"base", preview(base)}, {"new", preview(next)}};
    if (options.output.empty()) options.output = record::default_folder(definition.name, "ab");
    record::check_folder(options.output);
    if (options.dry_run) {
      std::cout << sides.dump(2) << "\n";
      return kOk;
    }
    Screen screen(true);
    const MachineLock lock(options.lock, screen);
    campaign::restore_leftovers(screen);
    campaign::Interleaver interleaver(options.output, report::shell_line(command), base, next, lock, screen);
    std::string said;
    const int code = run_until_clear(interleaver, options, budget, said);
    interleaver.finish();
    if (code != kOk) return code;
    report::Report report;
    report.coloured = may_paint(STDOUT_FILENO);
    report.parts = compare::compare_folders({options.output}, {}, {}, false);
    std::cout << report::formats().front().print(report) << said << "  runs: " << options.output << "\n";
    return interleaver.all_undone() ? kOk : kFailed;
  });
}

}  // namespace tlbstorm::cli

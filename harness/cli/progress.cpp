// SPDX-License-Identifier: Apache-2.0
#include "harness/cli/progress.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>

#include "harness/cli/console.hpp"
#include "harness/os/clock.hpp"
#include "harness/os/printable.hpp"
#include "harness/probe/column_names.hpp"

namespace tlbstorm::cli {
namespace {

constexpr os::Nanoseconds kRefresh = std::chrono::milliseconds{250};
constexpr double kRateWindow = 0.2;  // seconds that a rate is taken over, at least
const std::string kEraseLine = os::ink("[G") + os::ink("[K");

}  // namespace

Progress::Progress(const trial::Plan& plan, bool quiet)
    : plan_(plan),
      live_(!quiet && ::isatty(STDERR_FILENO) != 0),
      follows_(live_ && !plan.watching_cpus.empty()),
      quiet_(quiet) {}

void Progress::begin_trial(int trial, trial::TrialKind kind, std::span<const probe::Column> columns) {
  kind_ = kind;
  if (live_ && !follows_) show("{}{}  {}", kEraseLine, title(trial), length());
  rates_.assign(3, {});
  rates_[0].label = "IPIs/s";
  rates_[1].label = "pages/s";
  rates_[2].label = "ops/s";
  const auto find = [&](std::string_view name, Rate& rate) {
    for (std::size_t i = 0; i < columns.size(); ++i)
      if (columns[i].name == name) rate.columns.push_back(i);
    return !rate.columns.empty();
  };
  find(column::kTlbInterrupts, rates_[0]);
  if (!find(column::of_workload(trial::counter::kPagesGone), rates_[1]) &&
      !find(column::kCgroupStolen, rates_[1])) {
    find(column::kStolenAnon, rates_[1]);
    find(column::kStolenFile, rates_[1]);
  }
  find(column::kOperations, rates_[2]);
  stage_ = {};
  phase_began_ = shown_ = {};
}

void Progress::update(Rate& rate, double seconds, std::span<const double> values) {
  double sum = 0;
  for (const std::size_t column : rate.columns) sum += values[column];
  if (rate.columns.empty() || std::isnan(sum)) return;
  if (rate.seconds > 0 && seconds - rate.seconds < kRateWindow) return;
  if (rate.seconds > 0) rate.per_second = (sum - rate.value) / (seconds - rate.seconds);
  rate.value = sum;
  rate.seconds = seconds;
}

std::string Progress::time_left(const trial::Sample& sample) const {
  std::optional<os::Nanoseconds> length;
  if (sample.stage.phase == trial::Phase::warmup && plan_.duration) length = plan_.warmup;
  if (sample.stage.phase == trial::Phase::measure) length = plan_.duration;
  if (!length) return plan_.duration ? "" : fmt::format("round {}", sample.stage.round);
  const os::Nanoseconds left =
      std::max(os::Nanoseconds{0}, trial::time_of(kind_, *length) - (sample.at - phase_began_));
  return fmt::format("{:.1f}s left", os::to_seconds(left));
}

/// "trial 3/5"; those in place of others are beyond.
std::string Progress::title(int trial) const {
  return kind_ == trial::TrialKind::measuring ? fmt::format("trial {}/{}", trial, plan_.trials)
                                              : "explaining trial";
}

/// How long the trial will take, when that is known.
std::string Progress::length() const {
  if (!plan_.duration) return "measures in rounds";
  const auto text = [&](os::Nanoseconds planned) {
    return os::format_duration(trial::time_of(kind_, planned));
  };
  const std::string measures = fmt::format("measures for {}", text(*plan_.duration));
  return plan_.warmup > os::Nanoseconds{0}
             ? fmt::format("{} of warm-up, then {}", text(plan_.warmup), measures)
             : measures;
}

void Progress::sample(const trial::Sample& sample) {
  if (!follows_) return;
  for (Rate& rate : rates_) update(rate, os::to_seconds(sample.at), sample.values);
  if (sample.stage.phase != stage_.phase) phase_began_ = sample.at;
  stage_ = sample.stage;
  if (sample.at - shown_ < kRefresh) return;
  shown_ = sample.at;
  std::string line =
      fmt::format("{}  {:<8}{:<12}", title(sample.trial), trial::name(sample.stage.phase), time_left(sample));
  for (const Rate& rate : rates_)
    line += fmt::format("{:>10} {}", rate.per_second ? os::format_figure(std::round(*rate.per_second)) : "-",
                        rate.label);
  show("{}{}", kEraseLine, line);
}

void Progress::erase_line() const {
  if (live_) show(std::string_view(kEraseLine));
}

void Progress::end_trial(const trial::TrialResult& result) {
  erase_line();
  if (quiet_) return;
  std::uint64_t operations = 0;
  for (const trial::WorkerResult& worker : result.workers) operations += worker.operations;
  show("{}: {}{}{}, {} operations\n", title(result.trial), trial::name(result.outcome),
       result.reason.empty() ? "" : ": ", result.reason, operations);
}

}  // namespace tlbstorm::cli

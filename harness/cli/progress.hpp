// SPDX-License-Identifier: Apache-2.0
// What a run shows while it goes on: a live line on a terminal, one plain line a trial otherwise, nothing
// when quiet. Where every CPU has work, to draw would be to take a worker's: the line is then drawn before
// the trial begins, and says how long it stays.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "harness/trial/observation.hpp"
#include "harness/trial/workload.hpp"

namespace tlbstorm::cli {

class Progress final : public trial::Observer {
 public:
  Progress(const trial::Plan& plan, bool quiet);

  void begin_trial(int trial, trial::TrialKind kind, std::span<const probe::Column> columns) override;
  void sample(const trial::Sample& sample) override;
  void end_trial(const trial::TrialResult& result) override;

 private:
  /// A counter whose rate is shown: between the last two samples that have it, at least a moment apart.
  struct Rate {
    std::string label;
    std::vector<std::size_t> columns;  ///< summed
    double value = 0;
    double seconds = 0;
    std::optional<double> per_second;
  };
  void update(Rate& rate, double seconds, std::span<const double> values);
  std::string title(int trial) const;
  std::string time_left(const trial::Sample& sample) const;
  std::string length() const;
  void erase_line() const;

  const trial::Plan& plan_;
  bool live_;     ///< a line at all
  bool follows_;  ///< it changes while a trial runs
  bool quiet_;
  std::vector<Rate> rates_;
  trial::TrialKind kind_ = trial::TrialKind::measuring;
  trial::Stage stage_;
  os::Nanoseconds phase_began_{};
  os::Nanoseconds shown_{};
};

}  // namespace tlbstorm::cli

// SPDX-License-Identifier: Apache-2.0
// Watches a run and gives each trial its figures and checks.
#pragma once

#include <optional>

#include "harness/judge/totals.hpp"
#include "harness/machine/facts.hpp"
#include "harness/record/judgement.hpp"
#include "harness/trial/observation.hpp"
#include "harness/trial/workload.hpp"

namespace tlbstorm::judge {

class Judge final : public trial::Observer {
 public:
  Judge(const trial::Plan& plan, const trial::Definition& definition, const machine::Machine& machine)
      : plan_(plan), definition_(definition), machine_(machine) {}

  void begin_trial(int trial, trial::TrialKind kind, std::span<const probe::Column> columns) override;
  void sample(const trial::Sample& sample) override;
  /// The verdict on the trial that ended last.
  record::Judgement judge(const trial::TrialResult& result) const;

 private:
  const trial::Plan& plan_;
  const trial::Definition& definition_;
  const machine::Machine& machine_;
  std::optional<Totals> totals_;
};

}  // namespace tlbstorm::judge

// SPDX-License-Identifier: Apache-2.0
#include "harness/judge/judge.hpp"

#include "harness/judge/metrics.hpp"
#include "harness/judge/validity.hpp"
#include "harness/os/clock.hpp"
#include "harness/probe/column_names.hpp"

namespace tlbstorm::judge {

void Judge::begin_trial(int /*trial*/, trial::TrialKind /*kind*/, std::span<const probe::Column> columns) {
  totals_.emplace(columns);
}

void Judge::sample(const trial::Sample& sample) {
  totals_->add(sample.stage, os::to_seconds(sample.at), sample.values);
}

record::Judgement Judge::judge(const trial::TrialResult& result) const {
  const TrialFacts facts{*totals_, result,         definition_,
                         plan_,    machine_.flush, static_cast<int>(machine_.topology.online.size())};
  record::Judgement judgement;
  derive(facts, judgement);
  judgement.checks = check_validity(facts);
  for (std::size_t i = 0; i < trial::kPhaseNames.size(); ++i)
    if (const auto ipis =
            totals_->growth(totals_->phase(static_cast<trial::Phase>(i)), column::kTlbInterrupts))
      if (static_cast<trial::Phase>(i) != trial::Phase::done)
        judgement.ipis_by_phase[std::string(trial::kPhaseNames[i])] = *ipis;
  if (const auto whole = totals_->whole(column::kTlbInterrupts)) judgement.ipis_by_phase["whole"] = *whole;
  return judgement;
}

}  // namespace tlbstorm::judge

// SPDX-License-Identifier: Apache-2.0
// What becomes of a rule about a change.
#pragma once

#include <vector>

#include "harness/compare/gate/proof.hpp"
#include "harness/compare/gate/question.hpp"

namespace tlbstorm::compare {

/// Of one relative question, before any correction; `share` as share_of().
Proof proof_of(const Question& question, double share, const GateOptions& options);
/// Of all of them, in their order, with p corrected (Holm).
std::vector<Proof> proofs(const std::vector<Question>& all, const GateOptions& options);

/// Fills in what a relative rule comes to, by its proof.
void judge_relative(const Question& question, const Proof& proof, double share, const GateOptions& options,
                    RuleResult& result);

/// Why a side has no value to judge. `who` is "the base".
std::string why_none(const Side& side, std::string_view who, const std::string& metric);

}  // namespace tlbstorm::compare

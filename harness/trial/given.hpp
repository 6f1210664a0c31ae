// SPDX-License-Identifier: Apache-2.0
// From words to options: `tlbstorm run`, the lines of a suite and the sides of `tlbstorm ab` are all read
// here.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "harness/trial/workload.hpp"

namespace tlbstorm::trial {

/// Who reads the words. Options about all runs of a command (Option::of_command) are refused unless it takes
/// them, so that none is dropped without a word.
struct Caller {
  std::vector<std::string_view> takes = {};  ///< by name
  std::string problem = {};                  ///< what is said of the others: "no option of a run in a suite"
  /// What to do in place of it, by option; one of a plan that is named here is refused, too.
  std::vector<std::pair<std::string_view, std::string>> remedies = {};
};

/// Takes all of them.
Caller command_itself();

struct Given {
  Options options;  ///< of the plan
  Options command;  ///< of the command
  bool help = false;

  bool is_on(const std::string& name) const;
  std::string text(const std::string& name) const;
};

/// What --wait without a value means.
inline constexpr std::string_view kForever = "forever";

/// The words come in layers: what a later one says counts, while one layer must not contradict itself. Those
/// of a
/// --config stand right below the layer that names it. Throws os::UsageError.
Given read_words(const Definition& definition, const std::vector<Words>& layers, const Caller& caller);

/// Takes the workload's name out of the words: the first, or a later one that names a workload when options
/// come before it. Throws os::UsageError.
std::string take_workload(Words& words);

/// The command that makes a run of these options.
Words command_of(const Definition& definition, const Options& options);

}  // namespace tlbstorm::trial

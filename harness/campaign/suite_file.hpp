// SPDX-License-Identifier: Apache-2.0
// A suite is a file: a line for each run, its name and then workload and options as on the command line. Its
// first comment says what it is for.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "harness/campaign/batch.hpp"

namespace tlbstorm::campaign {

struct Suite {
  std::string name;
  std::string about;
  std::vector<trial::Words> lines;  ///< name, workload, options
};

/// The files of results/suites/, compiled in, so that the tool is one file.
struct SuiteText {
  std::string_view name;
  std::string_view text;
};
std::span<const SuiteText> suite_texts();

/// Throws os::UsageError naming the line.
Suite parse_suite(const std::string& name, std::string_view text);

/// One that comes with the tool, or a file. Throws os::UsageError when it is neither.
Suite find_suite(const std::string& name);

/// Its runs, each with the `extra` options as well; of these layers the last word counts. Throws
/// os::UsageError.
std::vector<BatchRun> runs_of(const Suite& suite, const std::vector<trial::Words>& extra);

}  // namespace tlbstorm::campaign

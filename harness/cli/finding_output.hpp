// SPDX-License-Identifier: Apache-2.0
// Where findings go: one format to standard output, others into files (--report FORMAT=FILE).
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "harness/report/findings.hpp"

namespace CLI {
class App;
}

namespace tlbstorm::cli {

struct FindingOutput {
  std::string format = "text";
  std::vector<std::string> reports;  ///< "junit=FILE"

  /// --format and --report.
  void add_to(CLI::App& app);
  /// A verdict must not be lost for want of a folder. Throws os::UsageError.
  void check() const;
  /// Whether all could be written; what could not is told. `json` is printed in the place of the findings'
  /// own.
  bool publish(const report::FindingReport& findings, const std::function<std::string()>& json = {}) const;
};

}  // namespace tlbstorm::cli

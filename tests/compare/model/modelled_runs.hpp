// SPDX-License-Identifier: Apache-2.0
// Runs that differ in a number, for tests of what is fitted to them.
#pragma once

#include "harness/compare/model/model.hpp"
#include "tests/judge/made_run.hpp"

namespace tlbstorm::test {

class ModelledRunsTest : public MadeRunsTest {
 protected:
  /// A run at so many workers, and, where it is told, so many rounds.
  std::filesystem::path run(int workers, const Values& values, const std::string& rounds = {}) const {
    MadeRun made = run_of_ipis(values);
    made.manifest["plan"]["workers"] = workers;
    if (!rounds.empty()) made.manifest["plan"]["parameters"]["rounds"] = rounds;
    return put(rounds.empty() ? fmt::format("w{}", workers) : fmt::format("w{}-r{}", workers, rounds), made);
  }
  /// Each other CPU takes one interrupt a page; trials vary a little, the runs' levels by `apart`.
  std::vector<std::filesystem::path> runs(double apart = 0) const {
    std::vector<std::filesystem::path> all;
    double sign = 1;
    for (const int workers : {2, 4, 8, 16}) {
      Values values;
      for (const double noise : {0.01, -0.004, 0.002, -0.01, 0.002})
        values.push_back(workers - 1 + noise + sign * apart);
      all.push_back(run(workers, values));
      sign = -sign;
    }
    return all;
  }
  static compare::ModelReport made(const std::vector<std::filesystem::path>& paths,
                                   const compare::ModelOptions& options = {}) {
    return compare::make_models(compare::read_families(paths), options);
  }
};

}  // namespace tlbstorm::test

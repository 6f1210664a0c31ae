// SPDX-License-Identifier: Apache-2.0
// What tests of a workload's physics share: runs that are repeated until they are valid, and skips with
// reasons.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/system/tool.hpp"

namespace tlbstorm::test {

class PhysicsTest : public ::testing::Test {
 protected:
  using Words = std::vector<std::string>;

  /// Runs until all trials are valid, a few times at most: other load makes trials invalid, and they say so.
  /// On a machine that is still busy then, nothing can be measured: the test is skipped, with what was
  /// running, and the folder's name is empty.
  std::string valid_run(const Words& words) {
    std::string why;
    for (int attempt = 0; attempt < 8; ++attempt) {
      std::string folder = run(words);
      if (folder.empty()) return "";
      why = why_invalid(folder);
      if (why.empty()) return folder;
    }
    if (others_running() > 0)
      skip("other processes keep the CPUs busy; of the last run: " + why);
    else
      ADD_FAILURE() << "no run was valid on an idle machine; of the last: " << why;
    return "";
  }
  /// Runs once; the folder, or nothing when it did not end well. In a small cgroup the kernel now and then
  /// kills for memory although swap is free, when reclaim finds nothing but pages in use: then once more.
  /// Each trial has all of its probes, unless the words say otherwise: what they count is held against the
  /// workload.
  std::string run(Words words) {
    words.insert(words.begin(), "run");
    if (std::find(words.begin(), words.end(), "--explain") == words.end())
      words.insert(words.end(), {"--explain", "all"});
    std::string folder;
    for (int attempt = 0; attempt < 3; ++attempt) {
      folder = place_.new_folder();
      Words whole = words;
      whole.insert(whole.end(), {"--output", folder});
      const double before = tlb_row();
      done_ = place_.run(whole);
      whole_ = tlb_row() - before;
      if (done_.code == 0 || !killed_for_memory(folder)) break;
    }
    EXPECT_EQ(done_.code, 0) << done_.err << done_.out;
    EXPECT_EQ(place_.leftovers(), "");
    return done_.code == 0 ? folder : "";
  }
  static bool killed_for_memory(const std::string& folder) {
    if (!std::filesystem::exists(folder + "/run.json")) return false;
    const nlohmann::json run = manifest(folder);
    return std::any_of(run["trials"].begin(), run["trials"].end(),
                       [](const nlohmann::json& trial) { return trial["outcome"] == "oom"; });
  }
  /// The metric of the only trial, or of the first.
  static double figure(const std::string& folder, const std::string& metric) {
    const std::vector<double> all = figures(folder, metric);
    EXPECT_FALSE(all.empty()) << metric << " is absent";
    return all.empty() ? 0 : all.front();
  }
  static void skip(const std::string& reason) { GTEST_SKIP() << reason; }
  /// Why swap on zram can't be had here; empty when it can.
  static std::string why_no_zram() {
    if (!std::filesystem::exists("/sys/class/zram-control/hot_add")) return "the kernel has no zram";
    return why_no_swap();
  }

  Workplace place_;
  Finished done_;
  double whole_ = 0;  ///< growth of the TLB row around the process
};

}  // namespace tlbstorm::test

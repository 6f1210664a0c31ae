// SPDX-License-Identifier: Apache-2.0
// What a power cut may not lose. The order in which the tool has things written and removed is told by a
// library; `lab storm` cuts the power of a guest (docs/lab.md).
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <fstream>
#include <iterator>

#include "tests/system/tool.hpp"

namespace tlbstorm::test {
namespace {

namespace fs = std::filesystem;
using Words = std::vector<std::string>;

class PowerCut : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!is_root()) GTEST_SKIP() << "swap needs root";
    if (kSanitized) GTEST_SKIP() << "a sanitizer wants to be loaded first";
    fs::create_directory(data_);
  }
  pid_t start(Words words) const {
    words.insert(words.begin(), {"/usr/bin/env", "LD_PRELOAD=" SYNC_TRACE,
                                 "TLBSTORM_SYNC_TRACE=" + trace_.native(), TLBSTORM_BINARY});
    return place_.start_words(words);
  }
  Words run_with_a_swap_file(const std::string& rounds) {
    return {"run",      "pageout", "--pages",       "dirty-anon", "--region",
            "2M",       "--swap",  "file:data:16M", "--rounds",   rounds,
            "--trials", "1",       "--quiet",       "--output",   place_.new_folder()};
  }
  Words steps() const {
    std::ifstream file(trace_);
    Words lines;
    for (std::string line; std::getline(file, line);) lines.push_back(line);
    return lines;
  }

  Workplace place_;
  const fs::path trace_ = place_.path() / "trace", data_ = place_.path() / "data";
};

/// Where the first step from `from` on is that begins and ends so; the number of steps if there is none.
std::size_t find(const Words& steps, const std::string& begin, const std::string& end, std::size_t from = 0) {
  const auto found =
      std::find_if(steps.begin() + static_cast<std::ptrdiff_t>(std::min(from, steps.size())), steps.end(),
                   [&](const std::string& step) { return step.starts_with(begin) && step.ends_with(end); });
  return static_cast<std::size_t>(found - steps.begin());
}

TEST_F(PowerCut, SwapFileIsJournalledForGoodBeforeItIsThereAndGoneForGoodBeforeItIsForgotten) {
  const Finished done = place_.finish(start(run_with_a_swap_file("1")));
  ASSERT_EQ(done.code, 0) << done.err;
  const Words all = steps();
  const std::size_t made = find(all, "make ", ".swap");
  ASSERT_LT(made, all.size());
  const std::size_t journalled = find(all, "synced ", "/state");
  EXPECT_LT(find(all, "synced ", ".jsonl", journalled), made);
  const std::size_t removed = find(all, "remove ", ".swap"), gone = find(all, "synced ", "/data", removed);
  ASSERT_LT(gone, all.size());
  EXPECT_LT(gone, find(all, "sync ", ".jsonl", removed));
  EXPECT_LT(find(all, "remove ", ".jsonl", gone), all.size());
}

TEST_F(PowerCut, FileThatRestoreTakesBackIsGoneForGoodBeforeItsJournalIs) {
  const pid_t run = start(run_with_a_swap_file("100000"));
  const bool made = eventually([&] { return find(steps(), "make ", ".swap") < steps().size(); });
  ::kill(run, SIGKILL);
  const Finished killed = place_.finish(run);
  ASSERT_TRUE(made) << killed.err;
  fs::remove(trace_);
  const Finished done = place_.finish(start({"restore"}));
  ASSERT_EQ(done.code, 0) << done.out << done.err;
  const Words all = steps();
  const std::size_t removed = find(all, "remove ", ".swap"), gone = find(all, "synced ", "/data", removed);
  ASSERT_LT(gone, all.size());
  EXPECT_LT(gone, find(all, "remove ", ".jsonl"));
  EXPECT_EQ(place_.leftovers(), "");
}

TEST_F(PowerCut, FolderThatRestoreTakesBackIsGoneForGoodBeforeItsJournalIs) {
  const fs::path folder = data_ / "tlbstorm-1", state = place_.path() / "state";
  fs::create_directory(folder);
  fs::create_directory(state);
  std::ofstream(state / "journal-1.jsonl")
      << R"({"id": 1, "kind": "folder", "target": ")" << folder.native() << "\", \"before\": \"\"}\n";
  const Finished done = place_.finish(start({"restore"}));
  ASSERT_EQ(done.code, 0) << done.out << done.err;
  const Words all = steps();
  const std::size_t removed = find(all, "remove ", "/tlbstorm-1"),
                    gone = find(all, "synced ", "/data", removed);
  ASSERT_LT(gone, all.size());
  EXPECT_LT(gone, find(all, "remove ", ".jsonl"));
}

}  // namespace
}  // namespace tlbstorm::test

// SPDX-License-Identifier: Apache-2.0
// Verdicts on real runs of which the truth is known: what was not changed never fails beside whatever load,
// and a change of a few percent is found.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <signal.h>

#include <fstream>

#include "tests/system/physics.hpp"

namespace tlbstorm::test {
namespace {

class VerdictTest : public PhysicsTest {
 protected:
  void SetUp() override {
    if (online_cpus() < 2) GTEST_SKIP() << "one CPU: no shootdown is possible";
  }
  void TearDown() override { stop_load(); }

  void start_load(const std::string& script) {
    load_ = place_.start_words({"/usr/bin/env", "taskset", "-c", "1", "bash", "-c", script});
  }
  void stop_load() {
    if (load_ <= 0) return;
    ::kill(load_, SIGKILL);
    place_.finish(load_);
    load_ = -1;
  }
  int gate(const Words& words) {
    Words whole{"gate"};
    whole.insert(whole.end(), words.begin(), words.end());
    done_ = place_.run(whole);
    return done_.code;
  }

  pid_t load_ = -1;
};

struct Truth {
  const char* base;
  const char* next;  ///< pages of a call
  const char* broken;
  const char* kept;
};

class Known : public VerdictTest, public ::testing::WithParamInterface<Truth> {};

/// One shootdown a call: of 50 pages a call against 49 it is 50/49 - 1 = 2.04% more a page.
TEST_P(Known, ChangeIsFoundAndNotMadeMoreOfThanItIs) {
  const Truth& truth = GetParam();
  std::ofstream(place_.path() / "truth.suite")
      << "churn unmap-churn --op dontneed --trials 2 --warmup 100ms --duration 500ms --explain none\n";
  const std::string folder = place_.new_folder();
  place_.run({"suite", "truth.suite", "--repeat", "6", "--retry-invalid", "4", "--base",
              fmt::format("--pages-per-call {}", truth.base), "--new",
              fmt::format("--pages-per-call {}", truth.next), "--quiet", "--output", folder});
  EXPECT_EQ(place_.leftovers(), "");
  const int broken = gate({folder, "--rule", truth.broken});
  if (broken == 3 && others_running() > 0) return skip("other load left too few valid runs: " + done_.out);
  EXPECT_EQ(broken, 1) << done_.out;
  EXPECT_EQ(gate({folder, "--rule", truth.kept}), 0) << done_.out;
}

INSTANTIATE_TEST_SUITE_P(
    Verdict, Known,
    ::testing::Values(Truth{"50", "49", "ipis_per_page_taken <= +1%", "ipis_per_page_taken <= +4%"},
                      Truth{"20", "19", "ipis_per_page_taken <= +2%", "ipis_per_page_taken <= +8%"}));

/// What runs beside the new side alone. Whatever it starts ends by itself: it is killed without its children.
struct Load {
  const char* kind;
  const char* duration;  ///< of the trials beside it
  int rounds;
  std::string (*script)(int round);
};

/// Spins for so many of every 100 ms.
std::string spinning(int ms) {
  return fmt::format("while :; do timeout {} bash -c 'while :; do :; done'; sleep {}; done", ms / 1000.0,
                     (100 - ms) / 1000.0);
}

class Beside : public VerdictTest, public ::testing::WithParamInterface<Load> {};

TEST_P(Beside, LoadOfOneSideTheSameNeverFails) {
  Words base, next;
  const auto run = [&](Words& side) {
    side.push_back(place_.new_folder());
    place_.run({"run", "mprotect-storm", "--trials", "2", "--warmup", "50ms", "--duration",
                GetParam().duration, "--explain", "none", "--quiet", "--output", side.back()});
  };
  for (int round = 0; round < GetParam().rounds; ++round) {
    run(base);
    start_load(GetParam().script(round));
    run(next);
    stop_load();
  }
  Words words{base.front()};
  words.insert(words.end(), next.begin(), next.end());
  words.emplace_back("--base");
  words.insert(words.end(), base.begin() + 1, base.end());
  EXPECT_NE(gate(words), 1) << done_.out;
}

std::string load_name(const ::testing::TestParamInfo<Load>& load) { return load.param.kind; }

INSTANTIATE_TEST_SUITE_P(
    Verdict, Beside,
    ::testing::Values(Load{"User", "100ms", 5, [](int) { return std::string("while :; do :; done"); }},
                      Load{"Kernel", "300ms", 5,
                           [](int) { return std::string("exec dd if=/dev/zero of=/dev/null bs=64k"); }},
                      Load{"TenthOfTheTime", "300ms", 5, [](int) { return spinning(10); }},
                      Load{"Rising", "2s", 3, [](int round) { return spinning(20 + 30 * round); }}),
    load_name);

}  // namespace
}  // namespace tlbstorm::test

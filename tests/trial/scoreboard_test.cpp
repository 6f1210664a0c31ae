// SPDX-License-Identifier: Apache-2.0
// The handshake between who asks for an edge and who samples, barriers, and messages.
#include "harness/trial/scoreboard.hpp"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

#include "harness/os/clock.hpp"

namespace tlbstorm::trial {
namespace {

using namespace std::chrono_literals;

TEST(Scoreboard, StageChangesWhenTheSamplerSaysSoAndNotBefore) {
  Scoreboard board(1);
  std::atomic<bool> entered{false};
  std::thread asking([&] {
    EXPECT_TRUE(board.enter({Phase::measure, 3}));
    entered = true;
  });
  const std::uint32_t request = board.wait_for_edge(0, os::now() + 10s);
  ASSERT_EQ(request, 1u);
  EXPECT_EQ(board.requested_stage(), (Stage{Phase::measure, 3}));
  EXPECT_EQ(board.stage(), Stage{}) << "the sample is not taken yet";
  EXPECT_FALSE(entered);
  board.complete_edge(request);
  asking.join();
  EXPECT_TRUE(entered);
  EXPECT_EQ(board.stage(), (Stage{Phase::measure, 3}));
}

TEST(Scoreboard, WaitingForAnEdgeEndsAtItsDeadline) {
  const Scoreboard board(1);
  const os::Nanoseconds begin = os::now();
  EXPECT_EQ(board.wait_for_edge(0, begin + 5ms), 0u);
  EXPECT_GE(os::now() - begin, 5ms);
}

TEST(Scoreboard, StopWakesWhoeverWaits) {
  Scoreboard board(2);
  std::thread at_edge([&] { EXPECT_FALSE(board.enter({Phase::measure, 0})); });
  std::thread at_barrier([&] { EXPECT_FALSE(board.barrier()); });
  board.wait_for_edge(0, os::now() + 10s);
  board.stop();
  at_edge.join();
  at_barrier.join();
  EXPECT_TRUE(board.stopped());
  EXPECT_EQ(board.stage().phase, Phase::verify);
}

TEST(Scoreboard, EdgeThatIsCompletedAfterAStopStaysAStop) {
  Scoreboard board(1);
  std::thread asking([&] { EXPECT_FALSE(board.enter({Phase::measure, 0})); });
  const std::uint32_t request = board.wait_for_edge(0, os::now() + 10s);
  board.stop();
  board.complete_edge(request);
  asking.join();
  EXPECT_EQ(board.stage().phase, Phase::verify);
}

TEST(StageWord, WhatWasDecidedOnAnOlderStageIsDecidedAgain) {
  StageWord stage;
  int asked = 0;
  stage.change([&](Stage now) {
    if (++asked == 1) {  // another one comes between the look and the change
      stage.change([](Stage) { return Stage{Phase::verify, 0}; });
      return Stage{Phase::measure, 0};
    }
    return now;
  });
  EXPECT_GE(asked, 2);
  EXPECT_EQ(stage.get().phase, Phase::verify);
}

TEST(Scoreboard, StopIsTheLastWordWhateverTheSamplerDoesMeanwhile) {
  for (int time = 0; time < 200; ++time) {
    Scoreboard board(1);
    const std::uint32_t request = board.request_edge({Phase::measure, 0});
    std::atomic<bool> going{false};
    std::thread sampler([&] {
      while (!board.stopped()) {
        board.complete_edge(request);
        going = true;
      }
    });
    while (!going) std::this_thread::yield();
    board.stop();
    sampler.join();
    ASSERT_EQ(board.stage().phase, Phase::verify) << time;
  }
}

TEST(Scoreboard, EdgesThatAreAskedForTogetherAreOneAndBothGoOn) {
  Scoreboard board(2);
  const std::uint32_t first = board.request_edge({Phase::measure, 0});
  const std::uint32_t second = board.request_edge({Phase::done, 0});
  EXPECT_FALSE(board.wait_for_sample(first, os::now())) << "nothing was sampled yet";
  board.complete_edge(board.wait_for_edge(0, os::now() + 10s));
  EXPECT_TRUE(board.wait_for_sample(second, os::now() + 10s));
  EXPECT_TRUE(board.wait_for_sample(first, os::now() + 10s));
  EXPECT_EQ(board.stage().phase, Phase::done);
}

TEST(Scoreboard, StopTakesEffectOnlyWhenTheSamplerHasTakenTheClosingEdge) {
  Scoreboard board(2);
  board.set_sampling(true);
  std::atomic<bool> passed{false};
  std::thread at_barrier([&] {
    EXPECT_FALSE(board.barrier());
    passed = true;
  });
  std::thread stopping([&] { board.stop(); });
  const std::uint32_t request = board.wait_for_edge(0, os::now() + 10s);
  EXPECT_EQ(board.requested_stage(), (Stage{Phase::verify, 0}));
  EXPECT_FALSE(board.stopped());
  EXPECT_FALSE(passed) << "it would give its memory back";
  board.complete_edge(request);
  stopping.join();
  at_barrier.join();
  EXPECT_TRUE(board.stopped());
}

TEST(Scoreboard, NoPhaseBeginsBetweenTheClosingEdgeAndTheStop) {
  Scoreboard board(1);
  board.set_sampling(true);
  std::thread stopping([&] { board.stop(); });
  std::uint32_t request = board.wait_for_edge(0, os::now() + 10s);
  std::thread entering([&] { board.enter({Phase::measure, 3}); });
  request = board.wait_for_edge(request, os::now() + 10s);
  EXPECT_EQ(board.requested_stage(), (Stage{Phase::verify, 0}));
  board.complete_edge(request);
  stopping.join();
  entering.join();
  EXPECT_EQ(board.stage().phase, Phase::verify);
}

TEST(Scoreboard, StopDoesNotWaitForASamplerThatHangsOrHasEnded) {
  Scoreboard board(1);
  board.set_sampling(true);
  board.stop();
  EXPECT_TRUE(board.stopped());
  EXPECT_EQ(board.stage().phase, Phase::verify);
}

TEST(Scoreboard, NobodyPassesABarrierBeforeTheLastHasCome) {
  constexpr int kThreads = 4, kTimes = 200;
  Scoreboard board(kThreads);
  std::atomic<int> arrived{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i)
    threads.emplace_back([&] {
      for (int time = 1; time <= kTimes; ++time) {
        ++arrived;
        ASSERT_TRUE(board.barrier());
        EXPECT_GE(arrived, time * kThreads);
        ASSERT_TRUE(board.barrier());
      }
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(arrived, kThreads * kTimes);
}

TEST(Scoreboard, MessagesAreKeptOnceEachAndNoMoreThanThereIsRoomFor) {
  Scoreboard board(1);
  for (int i = 0; i < 20; ++i) board.invalidate("reason " + std::to_string(i / 2));
  const std::vector<std::string> reasons = board.invalid();
  ASSERT_EQ(reasons.size(), 8u);
  for (std::size_t i = 0; i < reasons.size(); ++i) EXPECT_EQ(reasons[i], "reason " + std::to_string(i));
  board.fail("the first", 4);
  board.fail("the second", 1);
  EXPECT_EQ(board.failure(), "the first");
  EXPECT_EQ(board.failure_code(), 4);
}

TEST(Scoreboard, SameMessageOfSeveralWorkersAtOnceIsKeptOnce) {
  for (int time = 0; time < 200; ++time) {
    Scoreboard board(1);
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) threads.emplace_back([&] { board.invalidate(std::string(400, 'x')); });
    for (std::thread& thread : threads) thread.join();
    ASSERT_EQ(board.invalid().size(), 1u);
  }
}

TEST(Scoreboard, LongMessageIsCutAndNotLost) {
  Scoreboard board(1);
  const std::string text(2000, 'x');
  board.note(text);
  board.note(text);
  ASSERT_EQ(board.notes().size(), 1u);
  EXPECT_EQ(board.notes()[0], text.substr(0, 499));
}

TEST(Scoreboard, CountsAllWrongPagesAndKeepsTheFirstDescriptionsInTheirOrder) {
  Scoreboard board(1);
  EXPECT_EQ(board.wrong_pages(), 0u);
  EXPECT_TRUE(board.wrong_page_descriptions().empty());
  for (std::uint64_t page = 1; page <= 100; ++page) {
    const std::uint64_t number = board.count_wrong_page();
    EXPECT_EQ(number, page);
    if (number <= Scoreboard::kWrongPagesDescribed)
      board.describe_wrong_page(number, "the same");  // as two pages may well be
  }
  EXPECT_EQ(board.wrong_pages(), 100u);
  EXPECT_EQ(board.wrong_page_descriptions(), std::vector<std::string>(16, "the same"));
}

TEST(Scoreboard, SlotsOfWorkersAndBystandersShareNoCacheLine) {
  Scoreboard board(3, 2);
  const auto line = [](const auto& slot) { return reinterpret_cast<std::uintptr_t>(&slot) / kCacheLine; };
  EXPECT_NE(line(board.slot(0)), line(board.slot(1)));
  EXPECT_NE(line(board.bystander(0)), line(board.slot(2)));
  board.bystander(1).lost_ns = 7;
  board.slot(2).operations = 9;
  EXPECT_EQ(board.bystander(1).lost_ns, 7u);
}

}  // namespace
}  // namespace tlbstorm::trial

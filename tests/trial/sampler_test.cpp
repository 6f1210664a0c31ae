// SPDX-License-Identifier: Apache-2.0
// The ring between the sampling thread and the main thread, when the main thread has been away for long.
#include "harness/trial/sampler.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <thread>

#include "harness/os/clock.hpp"
#include "harness/os/error.hpp"

namespace tlbstorm::trial {
namespace {

using namespace std::chrono_literals;

class SamplerTest : public ::testing::Test {
 protected:
  SamplerTest() { sampler_.start(); }
  Sampler::Take keep() {
    return [this](const Sample& sample) { stages_.push_back(sample.stage); };
  }
  /// Other edges than the main thread's, until there is no place for one more.
  void fill() {
    while (edge_within(200ms, board_, ++round_)) {
    }
  }
  static bool edge_within(os::Nanoseconds time, Scoreboard& board, std::uint32_t round) {
    const os::Nanoseconds deadline = os::now() + time;
    const std::uint32_t request = board.request_edge({Phase::setup, round});
    while (os::now() < deadline)
      if (board.wait_for_sample(request, deadline)) return true;
    return false;
  }

  Plan plan_;
  Definition definition_;
  Scoreboard board_{1};
  ProbeSet probes_{plan_, definition_, {}};
  Sampler sampler_{probes_, board_, 1ms, 1};
  std::vector<Stage> stages_;
  std::uint32_t round_ = 0;
};

TEST_F(SamplerTest, EdgeOfTheMainThreadFindsAPlaceInAFullRing) {
  fill();
  EXPECT_TRUE(sampler_.enter({Phase::measure, 0}, keep()));
  EXPECT_EQ(board_.stage(), (Stage{Phase::measure, 0}));
  sampler_.finish(keep());
  ASSERT_GT(stages_.size(), 700u) << "the ring was not full";
  EXPECT_GE(std::count(stages_.begin(), stages_.end(), Stage{Phase::measure, 0}), 1);
  EXPECT_EQ(stages_.back().phase, Phase::done);
}

TEST_F(SamplerTest, EndsWithAFullRingAndAWorkersEdgePending) {
  fill();
  board_.stop();
  sampler_.finish(keep());
  ASSERT_GT(stages_.size(), 700u) << "the ring was not full";
  EXPECT_EQ(stages_.back().phase, Phase::done);
}

TEST_F(SamplerTest, EndsWithAFullRingWhoeverWasToTakeItsRows) {
  fill();
  const auto refuse = [](const Sample&) { throw os::Error("the disk is full"); };
  EXPECT_THROW(sampler_.enter({Phase::measure, 0}, refuse), os::Error);
}  // its destructor returns

TEST_F(SamplerTest, EdgesHaveAPlaceWhereOrdinarySamplesAreDropped) {
  Scoreboard board(1);
  Sampler busy(probes_, board, 10us, 1);
  busy.start();
  std::this_thread::sleep_for(1s);  // more samples than there are places, and nobody takes them
  for (std::uint32_t round = 1; round <= 100; ++round) ASSERT_TRUE(edge_within(10s, board, round)) << round;
  busy.finish(keep());
  EXPECT_GT(busy.facts().dropped, 0u);
}

TEST_F(SamplerTest, WhatIsMeasuredBeginsOnlyWithAPlaceForItsEnd) {
  Scoreboard board(1);
  Sampler sampler(probes_, board, 10s, 1);
  sampler.start();
  const auto edge = [&](Stage stage) {
    return board.wait_for_sample(board.request_edge(stage), os::now() + 500ms);
  };
  std::uint32_t round = 0;
  while (edge({Phase::measure, round})) {
    ++round;
    ASSERT_TRUE(edge({Phase::setup, round})) << "the end of a round waits for the recorder";
  }
  EXPECT_GT(round, 300u);
  sampler.finish(keep());
}

}  // namespace
}  // namespace tlbstorm::trial

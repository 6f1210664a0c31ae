// SPDX-License-Identifier: Apache-2.0
#include "workloads/touch.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <vector>

#include "harness/os/mapping.hpp"

namespace tlbstorm::workloads {
namespace {

constexpr os::Bytes kSize{16ul * 4096};

/// Those of a step and a unit that can be: a unit is never larger than the step.
std::vector<TouchPattern> patterns() {
  std::vector<TouchPattern> all;
  for (const std::size_t step : {64, 4096})
    for (const std::size_t unit : {8, 64, 4096})
      if (unit <= step) all.push_back({.step = step, .unit = unit});
  return all;
}

std::string text_of(const TouchPattern& pattern) {
  return "step " + std::to_string(pattern.step) + ", unit " + std::to_string(pattern.unit);
}

class Touch : public testing::Test {
 protected:
  std::uint64_t& word(std::size_t byte) { return *reinterpret_cast<std::uint64_t*>(memory_.data() + byte); }
  /// The offsets that a pass visits, in their order.
  std::vector<std::size_t> offsets(std::span<std::byte> memory, const TouchPattern& pattern) {
    std::vector<std::size_t> all;
    touch_all(memory, pattern, random_,
              [&](std::byte* at) { all.push_back(static_cast<std::size_t>(at - memory.data())); });
    return all;
  }

  os::Mapping memory_ = os::Mapping::anonymous(kSize);
  Random random_{1};
};

TEST_F(Touch, FindsNothingWrongInWhatItWrote) {
  for (const TouchPattern& pattern : patterns()) {
    std::fill(memory_.bytes().begin(), memory_.bytes().end(), std::byte{0});
    EXPECT_EQ(read_marks(memory_.bytes(), pattern, random_), pattern.touches(memory_.bytes()));
    write_marks(memory_.bytes(), pattern, random_);
    EXPECT_EQ(read_marks(memory_.bytes(), pattern, random_), 0u) << text_of(pattern);
    write_marks(memory_.bytes(), pattern, random_);
    EXPECT_EQ(read_marks(memory_.bytes(), pattern, random_), 0u) << text_of(pattern) << ", again";
  }
}

TEST_F(Touch, CountsEachChangedWord) {
  for (const TouchPattern& pattern : patterns()) {
    write_marks(memory_.bytes(), pattern, random_);
    word(0) ^= 1;
    EXPECT_EQ(read_marks(memory_.bytes(), pattern, random_), 1u) << text_of(pattern);
    word(kSize.count - pattern.step) ^= std::uint64_t{1} << 63;
    EXPECT_EQ(read_marks(memory_.bytes(), pattern, random_), 2u) << text_of(pattern);
  }
}

TEST_F(Touch, CatchesThePageOfAnotherPlace) {
  const TouchPattern pattern;
  write_marks(memory_.bytes(), pattern, random_);
  std::swap_ranges(memory_.page(2), memory_.page(3), memory_.page(7));
  EXPECT_EQ(read_marks(memory_.bytes(), pattern, random_), 2u);
}

TEST_F(Touch, WritesTheWordsOfItsUnitsAndNoOthers) {
  for (const TouchPattern& pattern : patterns()) {
    std::fill(memory_.bytes().begin(), memory_.bytes().end(), std::byte{0});
    write_marks(memory_.bytes(), pattern, random_);
    for (std::size_t at = 0; at < kSize.count; at += 8) {
      const std::byte* const touched = memory_.data() + at / pattern.step * pattern.step;
      const bool written = at % pattern.step < pattern.unit;
      ASSERT_EQ(word(at), written ? mark_of(touched) : 0) << text_of(pattern) << ", byte " << at;
    }
  }
}

TEST_F(Touch, TouchesEachStepOnceAndInOrder) {
  for (const os::Nanoseconds delay : {os::Nanoseconds{0}, os::Nanoseconds{1}})
    for (TouchPattern pattern : patterns()) {
      pattern.delay = delay;
      std::vector<std::size_t> expected;
      for (std::size_t at = 0; at < kSize.count; at += pattern.step) expected.push_back(at);
      EXPECT_EQ(offsets(memory_.bytes(), pattern), expected) << text_of(pattern);
    }
}

TEST_F(Touch, LeavesOutWhatIsLessThanAStep) {
  const TouchPattern pattern;
  EXPECT_EQ(pattern.touches(memory_.bytes().first(3 * 4096 + 4095)), 3u);
  EXPECT_EQ(offsets(memory_.bytes().first(3 * 4096 + 4095), pattern).size(), 3u);
  EXPECT_EQ(pattern.touches(memory_.bytes().first(4095)), 0u);
}

TEST_F(Touch, AtRandomTouchesAsOftenAnywhereOnAStep) {
  const TouchPattern pattern{.step = 64, .random = true};
  const auto all = offsets(memory_.bytes(), pattern);
  EXPECT_EQ(all.size(), kSize.count / 64);
  EXPECT_FALSE(std::is_sorted(all.begin(), all.end()));
  for (const std::size_t at : all) {
    EXPECT_EQ(at % 64, 0u);
    EXPECT_LT(at, kSize.count);
  }
  // With as many touches as places, 1 - 1/e of the places are met.
  const double met = static_cast<double>(std::set(all.begin(), all.end()).size());
  EXPECT_NEAR(met / static_cast<double>(all.size()), 0.632, 0.05);
}

TEST_F(Touch, ComputesForTheDelayAfterEachTouch) {
  constexpr os::Nanoseconds kDelay = std::chrono::microseconds{100};
  for (const bool random : {false, true}) {
    const os::Nanoseconds begin = os::now();
    write_marks(memory_.bytes(), {.random = random, .delay = kDelay}, random_);
    EXPECT_GE(os::now() - begin, kDelay * 16);
  }
}

}  // namespace
}  // namespace tlbstorm::workloads

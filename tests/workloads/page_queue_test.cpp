// SPDX-License-Identifier: Apache-2.0
#include "workloads/page_queue.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <functional>
#include <vector>

#include "harness/os/error.hpp"

namespace tlbstorm::workloads {
namespace {

using testing::Each;
using testing::HasSubstr;

const std::vector<std::string> kAccesses{"sequential", "uniform",  "random",    "zipf:0.5",
                                         "zipf:1",     "zipf:3",   "normal:1",  "normal:0.1",
                                         "stride:1",   "stride:6", "stride:17", "stride:5000"};

std::vector<PageQueue::Visit> visits(const std::string& access, PageRange range, std::size_t count,
                                     double write_ratio = 0, std::uint64_t seed = 1) {
  PageQueue queue(access, range, write_ratio, seed);
  std::vector<PageQueue::Visit> all;
  while (all.size() < count) {
    if (queue.empty()) queue.refill();
    all.push_back(queue.next());
  }
  return all;
}

std::vector<std::uint64_t> pages(const std::string& access, PageRange range, std::size_t count,
                                 std::uint64_t seed = 1) {
  std::vector<std::uint64_t> all;
  for (const auto& visit : visits(access, range, count, 0, seed)) all.push_back(visit.page);
  return all;
}

/// How often each page of [0, count) was visited.
std::vector<double> tally(const std::vector<std::uint64_t>& visited, std::uint64_t count) {
  std::vector<double> tallied(count);
  for (const std::uint64_t page : visited) ++tallied.at(page);
  return tallied;
}

/// Pearson's sum of squares: about as large as there are pages when the visits are spread as they should be.
double deviation(const std::vector<double>& found, const std::vector<double>& expected) {
  double sum = 0;
  for (std::size_t i = 0; i < found.size(); ++i)
    sum += (found[i] - expected[i]) * (found[i] - expected[i]) / expected[i];
  return sum;
}

std::vector<double> zipf_weights(std::size_t count, double theta) {
  std::vector<double> weights;
  double sum = 0;
  for (std::size_t rank = 1; rank <= count; ++rank)
    sum += weights.emplace_back(std::pow(static_cast<double>(rank), -theta));
  for (double& weight : weights) weight /= sum;
  return weights;
}

double share_of_writes(const std::string& access, double write_ratio) {
  constexpr std::size_t kVisits = 100000;
  const auto all = visits(access, {0, 1000}, kVisits, write_ratio);
  return static_cast<double>(std::count_if(all.begin(), all.end(), [](const auto& v) { return v.write; })) /
         kVisits;
}

TEST(PageQueue, IsEmptyBeforeItIsFilledAndAfterItsLastVisit) {
  PageQueue queue("uniform", {0, 10}, 0, 1);
  EXPECT_TRUE(queue.empty());
  queue.refill();
  EXPECT_FALSE(queue.empty());
  for (int i = 0; i < 100000 && !queue.empty(); ++i) queue.next();
  EXPECT_TRUE(queue.empty());
}

TEST(PageQueue, EveryAccessStaysInItsRange) {
  for (const std::string& access : kAccesses)
    for (const std::uint64_t count : {1, 2, 3, 64, 97, 1000})
      for (const std::uint64_t page : pages(access, {5000, count}, 3000)) {
        ASSERT_GE(page, 5000u) << access << " of " << count;
        ASSERT_LT(page, 5000 + count) << access << " of " << count;
      }
}

TEST(PageQueue, SequentialVisitsThePagesInTheirOrderAndBeginsAgain) {
  const auto visited = pages("sequential", {40, 700}, 2100);
  for (std::size_t i = 0; i < visited.size(); ++i) ASSERT_EQ(visited[i], 40 + i % 700) << i;
}

TEST(PageQueue, StrideGoesThatManyPagesAtOnce) {
  EXPECT_THAT(pages("stride:17", {100, 60}, 6), testing::ElementsAre(100, 117, 134, 151, 101, 118));
}

TEST(PageQueue, StrideVisitsEveryPageOnceBeforeAnyTwice) {
  for (const std::string& access : kAccesses) {
    if (!access.starts_with("stride")) continue;
    // Multiples of 6 and 17, one prime, and one less than any stride but 1.
    for (const std::uint64_t count : {4, 60, 96, 97, 1020}) {
      const auto visited = pages(access, {0, count}, 2 * count);
      const auto half = visited.begin() + static_cast<std::ptrdiff_t>(count);
      EXPECT_THAT(tally({visited.begin(), half}, count), Each(1)) << access << " of " << count;
      EXPECT_THAT(tally({half, visited.end()}, count), Each(1)) << access << " of " << count;
    }
  }
}

TEST(PageQueue, UniformVisitsAllPagesAlike) {
  constexpr std::size_t kPages = 100, kVisits = 200000;
  const double spread =
      deviation(tally(pages("uniform", {0, kPages}, kVisits), kPages),
                std::vector<double>(kPages, static_cast<double>(kVisits) / static_cast<double>(kPages)));
  EXPECT_LT(spread, 2.0 * kPages);
  EXPECT_GT(spread, 0.4 * kPages) << "more even than chance";
}

TEST(PageQueue, ZipfVisitsPagesByTheirRank) {
  constexpr std::size_t kPages = 30, kVisits = 300000;
  for (const double theta : {0.5, 0.99, 1.0, 1.5}) {
    auto found = tally(pages("zipf:" + std::to_string(theta), {0, kPages}, kVisits), kPages);
    std::sort(found.begin(), found.end(), std::greater<>());
    auto expected = zipf_weights(kPages, theta);
    for (double& share : expected) share *= kVisits;
    EXPECT_LT(deviation(found, expected), 3.0 * kPages) << theta;
  }
}

TEST(PageQueue, ZipfGivesTheMostFrequentPageItsShare) {
  constexpr std::size_t kPages = 100000, kVisits = 200000;
  for (const double theta : {0.8, 0.99, 1.0, 2.0}) {
    const auto found = tally(pages("zipf:" + std::to_string(theta), {0, kPages}, kVisits), kPages);
    const double share = *std::max_element(found.begin(), found.end()) / kVisits;
    const double expected = zipf_weights(kPages, theta).front();
    EXPECT_NEAR(share, expected, 0.08 * expected) << theta;
  }
}

TEST(PageQueue, ZipfKeepsPopularPagesApart) {
  constexpr std::uint64_t kPages = 1000;
  const auto found = tally(pages("zipf:1", {0, kPages}, 50000), kPages);
  const auto first = std::max_element(found.begin(), found.end()) - found.begin();
  auto others = found;
  others[static_cast<std::size_t>(first)] = 0;
  const auto second = std::max_element(others.begin(), others.end()) - others.begin();
  EXPECT_GT(std::abs(first - second), 64);
}

TEST(PageQueue, NormalIsABellAroundTheMiddle) {
  constexpr double kPages = 10000, kSigma = 0.1, kVisits = 100000;
  double sum = 0, squares = 0, within = 0;
  for (const std::uint64_t page :
       pages("normal:0.1", {0, static_cast<std::uint64_t>(kPages)}, static_cast<std::size_t>(kVisits))) {
    const double off = static_cast<double>(page) / kPages - 0.5;
    sum += off;
    squares += off * off;
    within += std::abs(off) < kSigma ? 1 : 0;
  }
  EXPECT_NEAR(sum / kVisits, 0, 0.003);
  EXPECT_NEAR(std::sqrt(squares / kVisits), kSigma, 0.003);
  EXPECT_NEAR(within / kVisits, 0.6827, 0.01);
}

TEST(PageQueue, KeepsTheRatioOfWrites) {
  for (const std::string& access : kAccesses) {
    EXPECT_NEAR(share_of_writes(access, 0.3), 0.3, 0.01) << access;
    EXPECT_NEAR(share_of_writes(access, 0.9), 0.9, 0.01) << access;
    EXPECT_EQ(share_of_writes(access, 0), 0) << access;
    EXPECT_EQ(share_of_writes(access, 1), 1) << access;
  }
}

TEST(PageQueue, WritesDoNotPreferAPage) {
  constexpr std::size_t kPages = 50;
  std::vector<std::uint64_t> written;
  for (const auto& visit : visits("uniform", {0, kPages}, 200000, 0.25))
    if (visit.write) written.push_back(visit.page);
  const double each = static_cast<double>(written.size()) / kPages;
  EXPECT_LT(deviation(tally(written, kPages), std::vector<double>(kPages, each)), 2.5 * kPages);
}

TEST(PageQueue, TheSameSeedGivesTheSameVisits) {
  const auto same = [](const auto& a, const auto& b) { return a.page == b.page && a.write == b.write; };
  for (const std::string& access : kAccesses) {
    const auto one = visits(access, {0, 1000}, 2000, 0.5, 7), other = visits(access, {0, 1000}, 2000, 0.5, 7);
    EXPECT_TRUE(std::equal(one.begin(), one.end(), other.begin(), same)) << access;
  }
}

TEST(PageQueue, AnotherSeedGivesOtherVisits) {
  for (const char* const access : {"uniform", "zipf:0.99", "normal:0.17"}) {
    const auto one = pages(access, {0, 1000}, 2000, 7), other = pages(access, {0, 1000}, 2000, 8);
    std::size_t alike = 0;
    for (std::size_t i = 0; i < one.size(); ++i) alike += one[i] == other[i];
    EXPECT_LT(alike, one.size() / 5) << access;
  }
}

TEST(PageQueue, RandomIsAnotherWordForUniform) {
  EXPECT_EQ(pages("random", {0, 1000}, 600), pages("uniform", {0, 1000}, 600));
}

TEST(PartsOfPages, AreAlikeAndDoNotOverlap) {
  for (const std::uint64_t all : {8, 100, 1021})
    for (const int workers : {1, 3, 7, 8}) {
      std::uint64_t end = 0;
      for (int i = 0; i < workers; ++i) {
        const PageRange part = part_of(all, i, workers);
        EXPECT_EQ(part.first, end) << all << " among " << workers;
        EXPECT_GE(part.count, all / static_cast<std::uint64_t>(workers));
        EXPECT_LE(part.count, all / static_cast<std::uint64_t>(workers) + 1);
        end = part.first + part.count;
      }
      EXPECT_EQ(end, all) << "pages that nobody has";
    }
}

TEST(CheckAccess, AcceptsEveryKind) {
  for (const std::string& access : kAccesses) EXPECT_NO_THROW(check_access("--access", access)) << access;
}

TEST(CheckAccess, RefusesWhatCanNotBeReadAndNamesTheOption) {
  for (const char* const access :
       {"zipf:0",   "zipf:x",   "zipf:-1", "zipf:nan", "zipf:1x",   "zipf:",      "zipf:11",
        "normal:0", "normal:2", "normal",  "stride:0", "stride:-1", "stride:0.5", "stride:2.5",
        "stride:x", "",         "zipf",    "stride",   "backward",  "backward:3"}) {
    try {
      check_access("--pattern", access);
      ADD_FAILURE() << "accepted: " << access;
    } catch (const os::UsageError& error) {
      EXPECT_THAT(error.what(), HasSubstr(std::string("--pattern ") + access));
      EXPECT_NE(error.hint(), "") << access;
    }
  }
}

}  // namespace
}  // namespace tlbstorm::workloads

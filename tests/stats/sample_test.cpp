// SPDX-License-Identifier: Apache-2.0
#include "harness/stats/sample.hpp"

#include <gmock/gmock.h>

#include <limits>

#include "tests/stats/reference.hpp"

namespace tlbstorm::stats {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr double kInfinite = std::numeric_limits<double>::infinity();

TEST(Sample, MedianMeanVariationAndQuantilesAreThoseOfR) {
  for (const ReferenceRow& row : reference("quantile")) {
    SCOPED_TRACE(row.line);
    const std::vector<double> values = row.values("values");
    const Description what = describe(values);
    EXPECT_EQ(what.n, values.size());
    expect_same(what.median, row.value("median"));
    expect_same(what.mean, row.value("mean"));
    expect_same(what.cv, row.value("cv"), 1e-11);  // of signed values the mean is a small difference
    EXPECT_EQ(what.min, row.value("q0"));
    EXPECT_EQ(what.max, row.value("q100"));
    for (const auto& [column, q] :
         {std::pair{"q0", 0.0}, {"q5", 0.05}, {"q25", 0.25}, {"q50", 0.5}, {"q90", 0.9}, {"q100", 1.0}})
      expect_same(quantile(values, q), row.value(column));
  }
}

// What defines type 7 (Hyndman and Fan, 1996, table 1): the k-th of n values is the quantile (k - 1) / (n -
// 1).
TEST(Sample, QuantilesPassThroughTheOrderStatistics) {
  const std::vector<double> values{30, 10, 20, 70, 40};
  const std::vector<double> sorted{10, 20, 30, 40, 70};
  for (std::size_t k = 0; k < 5; ++k) EXPECT_EQ(quantile(values, static_cast<double>(k) / 4), sorted[k]);
}

TEST(Sample, WithoutValuesNothingIsKnown) {
  const Description what = describe({});
  EXPECT_EQ(what.n, 0u);
  for (const double value : {what.median, what.mean, what.min, what.max, what.cv})
    EXPECT_TRUE(std::isnan(value));
  EXPECT_THAT(what.outliers, IsEmpty());
  EXPECT_TRUE(std::isnan(quantile({}, 0.5)));
}

TEST(Sample, OneValueHasNoVariation) {
  const Description what = describe(std::vector<double>{7});
  EXPECT_EQ(what.median, 7);
  EXPECT_EQ(what.mean, 7);
  EXPECT_TRUE(std::isnan(what.cv));
  EXPECT_EQ(quantile({7}, 0.9), 7);
}

TEST(Sample, VariationIsOfTheMeansAmount) {
  EXPECT_EQ(describe(std::vector<double>{5, 5, 5}).cv, 0);
  EXPECT_EQ(describe(std::vector<double>{-1, -3}).cv, describe(std::vector<double>{1, 3}).cv);
  EXPECT_TRUE(std::isnan(describe(std::vector<double>{-1, 1}).cv));
}

TEST(Sample, InfiniteValueDoesNotSpoilTheMedianOfTheOthers) {
  EXPECT_EQ(median(std::vector<double>{1, kInfinite, 2}), 2);
  EXPECT_EQ(median(std::vector<double>{1, kInfinite, kInfinite}), kInfinite);
  EXPECT_EQ(median(std::vector<double>{kInfinite, kInfinite}), kInfinite);
  EXPECT_EQ(quantile({1, 2, kInfinite}, 1), kInfinite);
}

// Iglewicz and Hoaglin, 1993: two far values that hide each other from rules of mean and standard deviation.
// Their scores by the median are 25.9 and 26.3, the next 1.6.
TEST(Sample, OutliersThatHideEachOtherAreFound) {
  const std::vector<double> values{2.1, 2.6, 2.4, 2.5, 2.3, 2.1, 2.3, 2.6, 8.2, 8.3};
  EXPECT_THAT(outliers(values), ElementsAre(8, 9));
}

// Median 3, median distance 1: a score of 3.5 is a distance of 3.5 / 0.6745 = 5.189.
TEST(Sample, OutlierIsFartherThanTheBoundOnEitherSide) {
  EXPECT_THAT(outliers(std::vector<double>{1, 2, 3, 4, 8.18}), IsEmpty());
  EXPECT_THAT(outliers(std::vector<double>{1, 2, 3, 4, 8.20}), ElementsAre(4));
  EXPECT_THAT(outliers(std::vector<double>{-2.20, 2, 3, 4, 5}), ElementsAre(0));
}

TEST(Sample, WhereMostValuesAreEqualNoneIsAnOutlier) {
  EXPECT_THAT(outliers(std::vector<double>{0, 0, 0, 0, 100}), IsEmpty());
  EXPECT_THAT(outliers({}), IsEmpty());
  EXPECT_THAT(outliers(std::vector<double>{1}), IsEmpty());
}

}  // namespace
}  // namespace tlbstorm::stats

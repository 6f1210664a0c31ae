// SPDX-License-Identifier: Apache-2.0
#include "harness/stats/rank_tests.hpp"

#include <algorithm>
#include <boost/math/distributions/normal.hpp>
#include <cmath>
#include <numeric>

namespace tlbstorm::stats {
namespace {

constexpr std::size_t kExactUpTo = 60;  // values: some ms at most

/// Ranks from 1, doubled so that the middle rank of a tie is whole.
struct Ranks {
  std::vector<std::size_t> doubled;
  double ties = 0;  ///< the sum of t^3 - t over groups of t equal values
};

Ranks rank(Values values) {
  std::vector<std::size_t> order(values.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return values[a] < values[b]; });
  Ranks ranks{std::vector<std::size_t>(values.size()), 0};
  for (std::size_t begin = 0, end; begin < order.size(); begin = end) {
    end = begin + 1;
    while (end < order.size() && values[order[end]] == values[order[begin]]) ++end;
    for (std::size_t i = begin; i < end; ++i) ranks.doubled[order[i]] = begin + 1 + end;
    const auto t = static_cast<double>(end - begin);
    ranks.ties += t * t * t - t;
  }
  return ranks;
}

double upper_tail(double z) { return boost::math::cdf(boost::math::complement(boost::math::normal{}, z)); }

/// From the chances of a value at most and at least as large as the one seen.
double p_of(double at_most, double at_least, Tail tail) {
  if (tail == Tail::lower) return std::min(1.0, at_most);
  if (tail == Tail::higher) return std::min(1.0, at_least);
  return std::min(1.0, 2 * std::min(at_most, at_least));
}

/// From a statistic with this mean and standard deviation, whose values are `step` apart.
double normal_p(double statistic, double mean, double deviation, double step, Tail tail) {
  if (deviation == 0) return 1;
  const double at_least = upper_tail((statistic - mean - step / 2) / deviation);
  const double at_most = upper_tail((mean - statistic - step / 2) / deviation);
  return p_of(at_most, at_least, tail);
}

/// How the weights `ways` of sums from 0 on lie around the one seen.
double exact_p(const std::vector<double>& ways, std::size_t seen, Tail tail) {
  double all = 0, at_most = 0, at_least = 0;
  for (std::size_t sum = 0; sum < ways.size(); ++sum) {
    all += ways[sum];
    if (sum <= seen) at_most += ways[sum];
    if (sum >= seen) at_least += ways[sum];
  }
  return p_of(at_most / all, at_least / all, tail);
}

/// In how many ways `chosen` of the items have each sum.
std::vector<double> ways_to_choose(const std::vector<std::size_t>& items, std::size_t chosen) {
  const std::size_t most = std::accumulate(items.begin(), items.end(), std::size_t{0});
  std::vector<std::vector<double>> ways(chosen + 1, std::vector<double>(most + 1, 0));
  ways[0][0] = 1;
  std::size_t seen = 0, reached = 0;  // no more items, and no larger sums, than there were so far
  for (const std::size_t item : items) {
    reached += item;
    for (std::size_t k = std::min(chosen, ++seen); k > 0; --k)
      for (std::size_t sum = item; sum <= reached; ++sum) ways[k][sum] += ways[k - 1][sum - item];
  }
  return ways[chosen];
}

/// In how many ways U has each value from 0 to n m, without ties: the coefficients of Gauss's binomial, the
/// product of (1 - q^(m + i)) / (1 - q^i) over i = 1 ... n. Whole numbers below 2^64, so that nothing is lost
/// in a long double.
std::vector<double> ways_of_u(std::size_t n, std::size_t m) {
  const std::size_t most = n * m;
  std::vector<long double> ways(most + 1, 0);
  ways[0] = 1;
  for (std::size_t i = 1; i <= n; ++i) {
    for (std::size_t u = most; u >= m + i && u <= most; --u) ways[u] -= ways[u - m - i];
    for (std::size_t u = i; u <= most; ++u) ways[u] += ways[u - i];
  }
  return {ways.begin(), ways.end()};
}

/// In how many ways any of the items have each sum.
std::vector<double> ways_to_take(const std::vector<std::size_t>& items) {
  const std::size_t most = std::accumulate(items.begin(), items.end(), std::size_t{0});
  std::vector<double> ways(most + 1, 0);
  ways[0] = 1;
  std::size_t reached = 0;
  for (const std::size_t item : items) {
    reached += item;
    for (std::size_t sum = reached; sum >= item; --sum) ways[sum] += ways[sum - item];
  }
  return ways;
}

}  // namespace

Test mann_whitney(Values base, Values next, Tail tail) {
  if (base.empty() || next.empty()) return {};
  std::vector<double> all(base.begin(), base.end());
  all.insert(all.end(), next.begin(), next.end());
  const Ranks ranks = rank(all);
  const std::size_t seen = std::accumulate(ranks.doubled.begin() + static_cast<std::ptrdiff_t>(base.size()),
                                           ranks.doubled.end(), std::size_t{0});
  const auto n = static_cast<double>(base.size()), m = static_cast<double>(next.size());
  Test test;
  test.statistic = static_cast<double>(seen) / 2 - m * (m + 1) / 2;
  test.exact = all.size() <= kExactUpTo;
  if (test.exact && ranks.ties == 0) {
    test.p = exact_p(ways_of_u(base.size(), next.size()), static_cast<std::size_t>(test.statistic), tail);
    return test;
  }
  if (test.exact) {
    test.p = exact_p(ways_to_choose(ranks.doubled, next.size()), seen, tail);
    return test;
  }
  const double N = n + m;
  const double deviation = std::sqrt(n * m / 12 * (N + 1 - ranks.ties / (N * (N - 1))));
  test.p = normal_p(test.statistic, n * m / 2, deviation, 1, tail);
  return test;
}

Test signed_rank(Values differences, Tail tail) {
  std::vector<double> amounts;
  std::vector<bool> positive;
  for (const double difference : differences) {
    if (difference == 0) continue;
    amounts.push_back(std::abs(difference));
    positive.push_back(difference > 0);
  }
  if (amounts.empty()) return {};
  const Ranks ranks = rank(amounts);
  std::size_t seen = 0;
  for (std::size_t i = 0; i < amounts.size(); ++i)
    if (positive[i]) seen += ranks.doubled[i];
  Test test;
  test.statistic = static_cast<double>(seen) / 2;
  test.exact = amounts.size() <= kExactUpTo;
  if (test.exact) {
    test.p = exact_p(ways_to_take(ranks.doubled), seen, tail);
    return test;
  }
  const auto n = static_cast<double>(amounts.size());
  const double deviation = std::sqrt(n * (n + 1) * (2 * n + 1) / 24 - ranks.ties / 48);
  test.p = normal_p(test.statistic, n * (n + 1) / 4, deviation, 1, tail);
  return test;
}

namespace {

/// The largest k for which less than k has no more than `tail` of all the ways.
std::size_t quantile_of(const std::vector<double>& ways, double tail) {
  const double all = std::accumulate(ways.begin(), ways.end(), 0.0);
  double below = 0;
  std::size_t k = 0;
  while (k < ways.size() && (below += ways[k]) / all <= tail) ++k;
  return k;
}

std::size_t normal_quantile(double mean, double deviation, double tail) {
  const double k = mean + boost::math::quantile(boost::math::normal{}, tail) * deviation;
  return k > 0 ? static_cast<std::size_t>(k) : 0;
}

std::vector<std::size_t> ranks_up_to(std::size_t count) {
  std::vector<std::size_t> ranks(count);
  std::iota(ranks.begin(), ranks.end(), std::size_t{1});
  return ranks;
}

}  // namespace

std::size_t means_left_out(std::size_t differences, double alpha) {
  if (differences <= kExactUpTo) return quantile_of(ways_to_take(ranks_up_to(differences)), alpha / 2);
  const auto n = static_cast<double>(differences);
  return normal_quantile(n * (n + 1) / 4, std::sqrt(n * (n + 1) * (2 * n + 1) / 24), alpha / 2);
}

std::size_t differences_left_out(std::size_t base, std::size_t next, double alpha) {
  const auto n = static_cast<double>(base), m = static_cast<double>(next);
  if (base + next > kExactUpTo)
    return normal_quantile(n * m / 2, std::sqrt(n * m * (n + m + 1) / 12), alpha / 2);
  return quantile_of(ways_of_u(base, next), alpha / 2);
}

double smallest_p(std::size_t base, std::size_t next, Tail tail) {
  if (base == 0 || next == 0) return 1;
  double orders = 1;  // of the sides: (base + next) choose base
  for (std::size_t i = 1; i <= base; ++i) orders *= static_cast<double>(next + i) / static_cast<double>(i);
  return std::min(1.0, (tail == Tail::either ? 2 : 1) / orders);
}

double smallest_p_of_pairs(std::size_t pairs, Tail tail) {
  return std::min(1.0, (tail == Tail::either ? 2 : 1) * std::pow(0.5, static_cast<double>(pairs)));
}

std::vector<double> holm(std::span<const double> p) {
  std::vector<std::size_t> order(p.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return p[a] < p[b]; });
  std::vector<double> corrected(p.size());
  double largest = 0;
  for (std::size_t i = 0; i < order.size(); ++i) {
    largest = std::max(largest, std::min(1.0, p[order[i]] * static_cast<double>(p.size() - i)));
    corrected[order[i]] = largest;
  }
  return corrected;
}

}  // namespace tlbstorm::stats

// SPDX-License-Identifier: Apache-2.0
#include "harness/compare/distribution.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <random>
#include <set>
#include <utility>

#include "harness/stats/buckets.hpp"
#include "harness/stats/sample.hpp"

namespace tlbstorm::compare {
namespace {

constexpr std::array<double, 4> kShares{0.5, 0.9, 0.99, 0.999};
constexpr std::size_t kPermutations = 5000;  // p is known to about a hundredth of itself where it is 5%

using ClassName = std::pair<std::string, std::string>;
using Buckets = std::vector<stats::Bucket>;  ///< in their order

/// A trial of a side: the run's place in it, and its number.
using TrialKey = std::pair<std::size_t, int>;
using ByTrial = std::map<TrialKey, Buckets>;

bool earlier(const stats::Bucket& a, const stats::Bucket& b) { return a.from < b.from; }

/// The valid trials' histograms, class by class, in the order of runs and trials.
std::map<ClassName, ByTrial> histograms(const Side& side) {
  std::map<ClassName, ByTrial> all;
  for (std::size_t i = 0; i < side.runs().size(); ++i) {
    const record::RunFolder& run = side.runs()[i];
    for (const record::LatencyRow& row : run.latencies)
      if (run.valid(row.trial))
        all[{row.access, row.met}][{i, row.trial}].push_back({row.from_ns, row.to_ns, row.count});
  }
  for (auto& [name, trials] : all)
    for (auto& [key, buckets] : trials) std::sort(buckets.begin(), buckets.end(), earlier);
  return all;
}

/// Of pairs, those of which both trials have the class.
void keep_pairs(ByTrial& base, ByTrial& next) {
  std::erase_if(base, [&](const auto& one) { return !next.contains(one.first); });
  std::erase_if(next, [&](const auto& one) { return !base.contains(one.first); });
}

std::vector<Buckets> in_order(const ByTrial& trials) {
  std::vector<Buckets> all;
  for (const auto& [key, buckets] : trials) all.push_back(buckets);
  return all;
}

/// The trials as cumulated shares over the same buckets, and how wide each bucket is as a logarithm.
struct Curves {
  std::vector<std::vector<double>> trials;
  std::vector<double> widths;
};

Curves curves(const std::vector<Buckets>& all) {
  std::map<double, double> ends;  // of the buckets, by where they begin: a trial's last one may end earlier
  for (const Buckets& one : all)
    for (const stats::Bucket& bucket : one) ends[bucket.from] = std::max(ends[bucket.from], bucket.to);
  Curves result;
  for (auto at = ends.begin(); at != ends.end(); ++at) {
    const auto next = std::next(at);
    const double end = next == ends.end() ? at->second : next->first;
    result.widths.push_back(std::log(std::max(end, 1.0) / std::max(at->first, 1.0)));
  }
  for (const Buckets& one : all) {
    std::vector<double>& curve = result.trials.emplace_back();
    const double sum = stats::count_of_buckets(one);
    double below = 0;
    auto bucket = one.begin();
    for (const auto& [from, end] : ends) {
      for (; bucket != one.end() && bucket->from == from; ++bucket) below += bucket->count;
      curve.push_back(below / sum);
    }
  }
  return result;
}

/// The area between the mean curves of the trials that are of the base and of those that are not.
double distance(const Curves& curves, const std::vector<bool>& is_base) {
  const auto n = static_cast<double>(std::count(is_base.begin(), is_base.end(), true));
  const double m = static_cast<double>(is_base.size()) - n;
  double area = 0;
  for (std::size_t i = 0; i < curves.widths.size(); ++i) {
    double gap = 0;
    for (std::size_t t = 0; t < is_base.size(); ++t)
      gap += is_base[t] ? curves.trials[t][i] / n : -curves.trials[t][i] / m;
    area += std::abs(gap) * curves.widths[i];
  }
  return area;
}

double permutation_p(const Curves& curves, const std::vector<bool>& seen, bool paired) {
  const double observed = distance(curves, seen) * (1 - 1e-9);  // the same area may be summed to a bit less
  std::vector<bool> dealt = seen;
  std::mt19937_64 random(1);
  std::size_t as_far = 1;
  for (std::size_t i = 1; i < kPermutations; ++i) {
    if (paired) {
      const std::size_t pairs = seen.size() / 2;
      for (std::size_t pair = 0; pair < pairs; ++pair) {
        dealt[pair] = (random() & 1) != 0;
        dealt[pair + pairs] = !dealt[pair];
      }
    } else {
      for (std::size_t left = dealt.size(); left > 1; --left) {
        const std::size_t other = random() % left;
        std::vector<bool>::swap(dealt[left - 1], dealt[other]);
      }
    }
    as_far += distance(curves, dealt) >= observed ? 1 : 0;
  }
  return static_cast<double>(as_far) / static_cast<double>(kPermutations);
}

DistributionChange compare_class(const ClassName& name, const std::vector<Buckets>& base,
                                 const std::vector<Buckets>& next, bool paired) {
  DistributionChange change{name.first, name.second, {}, 1, 1};
  for (const double share : kShares) {
    PercentileChange& percentile = change.percentiles.emplace_back();
    percentile.share = share;
    const auto middle = [&](const std::vector<Buckets>& side) {
      std::vector<double> values;
      for (const Buckets& trial : side) {
        values.push_back(stats::quantile_of_buckets(trial, share));
        percentile.few = percentile.few || stats::rests_on_few(stats::count_of_buckets(trial), share);
      }
      return stats::median(values);
    };
    percentile.base = middle(base);
    percentile.next = middle(next);
  }
  std::vector<Buckets> all = base;
  all.insert(all.end(), next.begin(), next.end());
  const Curves together = curves(all);
  std::vector<bool> is_base(all.size(), false);
  std::fill_n(is_base.begin(), base.size(), true);
  change.factor = std::exp(distance(together, is_base));
  change.p = permutation_p(together, is_base, paired);
  return change;
}

}  // namespace

std::vector<DistributionChange> compare_distributions(const Side& base, const Side& next, bool paired) {
  std::vector<DistributionChange> changes;
  const std::map<ClassName, ByTrial> of_base = histograms(base);
  std::map<ClassName, ByTrial> of_next = histograms(next);
  for (auto [name, before] : of_base) {
    ByTrial& after = of_next[name];
    if (paired) keep_pairs(before, after);
    if (!before.empty() && !after.empty())
      changes.push_back(compare_class(name, in_order(before), in_order(after), paired));
  }
  return changes;
}

bool rest_on_few(const std::vector<DistributionChange>& changes) {
  return std::any_of(changes.begin(), changes.end(), [](const DistributionChange& change) {
    return std::any_of(change.percentiles.begin(), change.percentiles.end(),
                       [](const PercentileChange& percentile) { return percentile.few; });
  });
}

}  // namespace tlbstorm::compare

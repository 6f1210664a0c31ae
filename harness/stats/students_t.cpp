// SPDX-License-Identifier: Apache-2.0
#include "harness/stats/students_t.hpp"

#include <boost/math/distributions/fisher_f.hpp>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <numeric>

namespace tlbstorm::stats {
namespace {

struct Moments {
  double mean = 0, variance_of_mean = 0, degrees = 0;
};
Moments moments(Values values) {
  const auto n = static_cast<double>(values.size());
  const double mean = std::accumulate(values.begin(), values.end(), 0.0) / n;
  double squares = 0;
  for (const double value : values) squares += (value - mean) * (value - mean);
  return {mean, squares / (n - 1) / n, n - 1};
}

}  // namespace

double welch_higher(Values base, Values next) {
  if (base.size() < 2 || next.size() < 2) return 1;
  const Moments one = moments(base), other = moments(next);
  const double variance = one.variance_of_mean + other.variance_of_mean, more = other.mean - one.mean;
  if (variance == 0) return more > 0 ? 0 : 1;
  const auto share = [](const Moments& side) {
    return side.variance_of_mean * side.variance_of_mean / side.degrees;
  };
  return students_t_above(more / std::sqrt(variance), variance * variance / (share(one) + share(other)));
}

double students_t_above(double t, double degrees) {
  return boost::math::cdf(boost::math::complement(boost::math::students_t(degrees), t));
}

double students_t_beyond(double above, double degrees) {
  return boost::math::quantile(boost::math::complement(boost::math::students_t(degrees), above));
}

double variance_ratio_above(double ratio, double degrees_above, double degrees_below) {
  return boost::math::cdf(
      boost::math::complement(boost::math::fisher_f(degrees_above, degrees_below), ratio));
}

}  // namespace tlbstorm::stats

// SPDX-License-Identifier: Apache-2.0
#include "harness/stats/fisher.hpp"

#include <boost/math/distributions/hypergeometric.hpp>

namespace tlbstorm::stats {

double p_of_more(Share base, Share next) {
  if (base.of == 0 || next.of == 0 || next.count == 0) return 1;
  const auto number = [](std::size_t value) { return static_cast<unsigned>(value); };
  const boost::math::hypergeometric_distribution<double> of_next(number(base.count + next.count),
                                                                 number(next.of), number(base.of + next.of));
  // The fewest that the second side can have is a cdf's lower end.
  const std::size_t others = base.count + next.count > base.of ? base.count + next.count - base.of : 0;
  if (next.count <= others) return 1;
  return boost::math::cdf(boost::math::complement(of_next, number(next.count - 1)));
}

}  // namespace tlbstorm::stats

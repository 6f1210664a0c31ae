// SPDX-License-Identifier: Apache-2.0
// Fisher's exact test: whether something happens more often on one side than on the other.
#pragma once

#include <cstddef>

namespace tlbstorm::stats {

/// How often something happened.
struct Share {
  std::size_t count = 0, of = 0;
};

/// The chance of so many, or more, of them on the second side if both are alike: Fisher, "Statistical Methods
/// for Research Workers", 1934, by the hypergeometric distribution. 1 where a side has none to count.
double p_of_more(Share base, Share next);

}  // namespace tlbstorm::stats

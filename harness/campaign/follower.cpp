// SPDX-License-Identifier: Apache-2.0
#include "harness/campaign/follower.hpp"

namespace tlbstorm::campaign {

bool restore_leftovers(Follower& follower) {
  const os::Restored restored = os::restore();
  follower.leftovers(restored);
  return restored.complete();
}

}  // namespace tlbstorm::campaign

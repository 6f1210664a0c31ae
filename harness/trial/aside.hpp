// SPDX-License-Identifier: Apache-2.0
// Who watches a trial stands aside: on CPUs where nobody works for it.
#pragma once

#include <vector>

namespace tlbstorm::trial {

/// The calling thread, and those that it starts, on these CPUs while this lives; where it was, if there are
/// none or they went offline. Whoever moves it meanwhile has the last word.
class Aside {
 public:
  explicit Aside(const std::vector<int>& cpus);
  Aside(const Aside&) = delete;
  Aside& operator=(const Aside&) = delete;
  ~Aside();

 private:
  std::vector<int> cpus_, before_;  ///< empty: it did not move
};

}  // namespace tlbstorm::trial

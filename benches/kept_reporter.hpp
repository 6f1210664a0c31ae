// SPDX-License-Identifier: Apache-2.0
// A reporter into a file that tells whether the file has it all. The library does not look: a full disk would
// go unnoticed.
#pragma once

#include <benchmark/benchmark.h>

#include <ostream>

namespace tlbstorm::benches {

template <typename Reporter>
class Kept final : public Reporter {
 public:
  using Reporter::Reporter;
  void Finalize() override {
    Reporter::Finalize();
    lost_ = !this->GetOutputStream().flush();
  }
  bool lost() const { return lost_; }

 private:
  bool lost_ = false;
};

}  // namespace tlbstorm::benches

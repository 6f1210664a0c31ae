// SPDX-License-Identifier: Apache-2.0
// Where the pages go of the benchmarks that swap.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "harness/cli/leftovers.hpp"
#include "harness/machine/facts.hpp"
#include "harness/os/journal.hpp"
#include "harness/trial/plan.hpp"

namespace tlbstorm::benches {

/// Swap that the user named with --swap; if none was, the machine's own; if it has none, a small zram device
/// of ours. What is not the machine's own is set up when it is first used, through the journal, and taken
/// down with this object.
class Swap {
 public:
  /// `option` as in `tlbstorm run --swap`, or empty. Touches nothing. Throws os::UsageError for one that
  /// can't be.
  Swap(std::string_view option, const machine::Machine& machine);

  /// Why there is none; empty when there is.
  const std::string& absent() const { return absent_; }
  /// "zram:64M", or "the machine's own".
  std::string text() const;
  /// Throws os::SystemError.
  void use();
  /// Takes down what was set up, and tells what could not be; false if something could not.
  bool take_down() { return cli::tell_troubles(journal_.undo_all()); }

 private:
  std::vector<trial::SwapRequest> requests_;
  std::string absent_;
  os::Journal journal_;  ///< takes the areas down
  bool used_ = false;
};

}  // namespace tlbstorm::benches

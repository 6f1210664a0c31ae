// SPDX-License-Identifier: Apache-2.0
// Names of perf events as libpfm4 has them: "cycles", "dTLB-load-misses", "DTLB_LOAD_MISSES:WALK_COMPLETED",
// "r01c2" for a raw one.
#pragma once

#include <linux/perf_event.h>

#include <string>
#include <string_view>
#include <vector>

namespace tlbstorm::os {

/// libpfm4. The first of these makes it look at the CPU; it stays initialised, as it keeps no count of its
/// users.
class PmuEvents {
 public:
  PmuEvents();

  /// How the kernel is asked for the event, user and kernel counted. Throws Error for a name that libpfm4
  /// does not know here, with near ones in the hint.
  perf_event_attr encode(const std::string& name) const;
  /// Throws UsageError naming `option` for a name that libpfm4 has for no CPU at all, or, of an event of this
  /// one, for a part that it does not have.
  void check(const std::string& option, const std::string& name) const;
  /// The hardware PMUs of this CPU; none in most virtual machines.
  std::vector<std::string> hardware_pmus() const;

 private:
  std::vector<std::string> names() const;
};

}  // namespace tlbstorm::os

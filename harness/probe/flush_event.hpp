// SPDX-License-Identifier: Apache-2.0
// The tracepoint tlb:tlb_flush. One hit for each flush sent, however many CPUs it goes to, and one for each
// CPU that obeys (arch/x86/mm/tlb.c: native_flush_tlb_multi, flush_tlb_func).
#pragma once

#include <fmt/format.h>

#include <string>

namespace tlbstorm::probe {

inline constexpr const char* kFlushEvent = "tlb/tlb_flush";

/// include/linux/mm_types.h: enum tlb_flush_reason; the same numbers since Linux 4.2.
enum class FlushReason { task_switch = 0, received = 1, local = 2, local_mm = 3, sent = 4 };

/// The filter that lets only those hits pass.
inline std::string filter_of(FlushReason reason) {
  return fmt::format("reason == {}", static_cast<int>(reason));
}

}  // namespace tlbstorm::probe

// SPDX-License-Identifier: Apache-2.0
// Built for a sanitizer: its mlock does nothing, its own memory is most of a small cgroup's, and it ends
// where a limit leaves it no room.
#pragma once

namespace tlbstorm::test {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool kSanitized = true;
#else
inline constexpr bool kSanitized = false;
#endif

}  // namespace tlbstorm::test

// SPDX-License-Identifier: Apache-2.0
// Built for a sanitizer: its mlock does nothing, its own memory is most of a small cgroup's, and it ends
// where a limit leaves it no room.
#pragma once

namespace tlbstorm::test {

#if defined(__has_feature)  // clang
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define TLBSTORM_SANITIZED
#endif
#elif defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)  // GCC
#define TLBSTORM_SANITIZED
#endif

#ifdef TLBSTORM_SANITIZED
inline constexpr bool kSanitized = true;
#else
inline constexpr bool kSanitized = false;
#endif

}  // namespace tlbstorm::test

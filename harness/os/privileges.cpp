// SPDX-License-Identifier: Apache-2.0
#include "harness/os/privileges.hpp"

#include <sys/capability.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>

#include "harness/os/error.hpp"

namespace tlbstorm::os {
namespace {

struct FreeCapabilities {
  void operator()(void* memory) const { ::cap_free(memory); }
};
using Capabilities = std::unique_ptr<std::remove_pointer_t<cap_t>, FreeCapabilities>;

[[noreturn]] void fail(const char* operation) { throw SystemError(operation, "capabilities", errno); }

bool has(const Capabilities& all, cap_value_t one, cap_flag_t flag) {
  cap_flag_value_t value = CAP_CLEAR;
  return ::cap_get_flag(all.get(), one, flag, &value) == 0 && value == CAP_SET;
}

}  // namespace

void keep_only_capabilities(std::span<const int> kept) {
  const Capabilities now(::cap_get_proc()), next(::cap_init());
  if (!now || !next) fail("read");
  const bool may_drop = has(now, CAP_SETPCAP, CAP_EFFECTIVE);
  for (cap_value_t one = 0; one < ::cap_max_bits(); ++one) {
    const bool keep = std::find(kept.begin(), kept.end(), one) != kept.end();
    if (!keep && may_drop && ::cap_drop_bound(one) != 0) fail("drop");
    if (!keep || !has(now, one, CAP_PERMITTED)) continue;
    if (::cap_set_flag(next.get(), CAP_PERMITTED, 1, &one, CAP_SET) != 0 ||
        ::cap_set_flag(next.get(), CAP_EFFECTIVE, 1, &one, CAP_SET) != 0)
      fail("keep");
  }
  if (::cap_set_proc(next.get()) != 0) fail("drop");
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) fail("refuse new");
}

std::vector<std::string> capability_names(std::span<const int> capabilities) {
  std::vector<std::string> names;
  for (const int one : capabilities) {
    const std::unique_ptr<char, FreeCapabilities> name(::cap_to_name(one));
    if (name) names.emplace_back(name.get());
  }
  return names;
}

void close_files_but(std::span<const int> kept) {
  std::vector<int> sorted(kept.begin(), kept.end());
  std::sort(sorted.begin(), sorted.end());
  unsigned from = STDERR_FILENO + 1;
  for (const int one : sorted) {
    const auto fd = static_cast<unsigned>(one);
    if (fd > from) ::close_range(from, fd - 1, 0);
    from = std::max(from, fd + 1);
  }
  ::close_range(from, ~0U, 0);
}

}  // namespace tlbstorm::os

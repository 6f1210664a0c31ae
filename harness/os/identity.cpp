// SPDX-License-Identifier: Apache-2.0
#include "harness/os/identity.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <cerrno>

#include "harness/os/error.hpp"
#include "harness/os/text.hpp"

namespace tlbstorm::os {
namespace {

std::string text_of(const struct statx& facts) {
  if (S_ISBLK(facts.stx_mode)) {
    const std::string number = fmt::format("{}:{}", facts.stx_rdev_major, facts.stx_rdev_minor);
    const auto sequence = try_read_text(fmt::format("/sys/dev/block/{}/diskseq", number));
    return fmt::format("{}/{}", number, trim(sequence.value_or("")));
  }
  std::string born;
  if ((facts.stx_mask & STATX_BTIME) != 0)
    born = fmt::format("{}.{:09}", facts.stx_btime.tv_sec, facts.stx_btime.tv_nsec);
  return fmt::format("{}:{}/{}/{}", facts.stx_dev_major, facts.stx_dev_minor, facts.stx_ino, born);
}

std::string_view without_device(std::string_view identity) { return identity.substr(identity.find('/') + 1); }

}  // namespace

std::string identity_of(const Fd& fd) {
  struct statx facts {};
  if (::statx(fd.get(), "", AT_EMPTY_PATH, STATX_BASIC_STATS | STATX_BTIME, &facts) != 0)
    throw SystemError("statx", "an open file", errno);
  return text_of(facts);
}

std::string identity_at(int folder, const std::string& name) {
  struct statx facts {};
  if (::statx(folder, name.c_str(), AT_SYMLINK_NOFOLLOW, STATX_BASIC_STATS | STATX_BTIME, &facts) == 0)
    return text_of(facts);
  if (errno != ENOENT && errno != ENOTDIR) throw SystemError("statx", name, errno);
  return "";
}

bool same_identity(std::string_view a, std::string_view b, bool same_boot) {
  if (a.empty() || b.empty()) return false;
  return same_boot ? a == b : without_device(a) == without_device(b);
}

}  // namespace tlbstorm::os

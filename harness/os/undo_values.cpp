// SPDX-License-Identifier: Apache-2.0
// Values of kernel files, and controllers of cgroups.
#include <fmt/format.h>
#include <linux/magic.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

#include "harness/os/error.hpp"
#include "harness/os/fd.hpp"
#include "harness/os/text.hpp"
#include "harness/os/undo.hpp"

namespace tlbstorm::os::undoing {
namespace {

namespace fs = std::filesystem;

/// Only the kernel's own files hold values that we change.
bool is_kernel_file(const std::string& path) {
  struct statfs facts {};
  return ::statfs(path.c_str(), &facts) == 0 &&
         (facts.f_type == PROC_SUPER_MAGIC || facts.f_type == SYSFS_MAGIC ||
          facts.f_type == CGROUP_SUPER_MAGIC || facts.f_type == CGROUP2_SUPER_MAGIC);
}

std::string value_of(const std::string& path) { return std::string(chosen(read_text(path))); }

/// Whether a child of the cgroup has a limit that would end with the controller.
bool is_in_use(const fs::path& cgroup) {
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(cgroup, error)) {
    if (!entry.is_directory(error)) continue;
    for (const char* const limit :
         {"memory.max", "memory.high", "memory.swap.max", "memory.swap.high", "memory.zswap.max"})
      if (const auto text = try_read_text(entry.path() / limit); text && trim(*text) != "max") return true;
    for (const char* const floor : {"memory.min", "memory.low", "memory.oom.group"})
      if (const auto text = try_read_text(entry.path() / floor); text && trim(*text) != "0") return true;
  }
  return false;
}

}  // namespace

Undone value(const Change& change) {
  if (!fs::exists(change.target)) return nothing();  // with what it was a value of
  if (!is_kernel_file(change.target)) return not_ours("it is not a file of the kernel");
  const std::string now = value_of(change.target);
  const bool by_partner = !change.partner.empty() && change.before == "0";
  if (now == change.before && (!by_partner || value_of(change.partner) == change.partner_before))
    return nothing();
  if (!change.proof.empty() && now != change.proof)
    return not_ours(
        fmt::format("someone has set it to {} meanwhile; before us it was {}", now, change.before));
  // The kernel takes no 0 for most of the values that have a partner: to write that one sets this one to 0.
  write_text(by_partner ? change.partner : change.target, by_partner ? change.partner_before : change.before);
  const std::string after = value_of(change.target);
  if (after != change.before)
    return given_up(fmt::format("the kernel made {0} of {1}; to try again later: echo '{1}' > {2}", after,
                                change.before, change.target));
  return undone();
}

Undone controller(const Change& change) {
  if (!fs::exists(change.target)) return nothing();
  if (!is_kernel_file(change.target)) return not_ours("it is not a file of the kernel");
  if (is_in_use(fs::path(change.target).parent_path()))
    return not_ours("other cgroups there have limits by now, which would end with it");
  write_text(change.target, change.before);
  return undone();
}

}  // namespace tlbstorm::os::undoing

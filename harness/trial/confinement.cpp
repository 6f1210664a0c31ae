// SPDX-License-Identifier: Apache-2.0
#include "harness/trial/confinement.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <cerrno>

#include "harness/os/error.hpp"
#include "harness/os/identity.hpp"
#include "harness/os/text.hpp"

namespace tlbstorm::trial {

using machine::CgroupVersion;
using os::Change;

Confinement::Confinement(os::Journal& journal, const machine::CgroupHome& home, const std::string& name,
                         std::optional<os::Bytes> limit)
    : version_(home.version), folder_(home.parent / name) {
  // Looked at now: when the home was found, what a killed run had left may not have been undone yet.
  if (version_ == CgroupVersion::v2 && !machine::hands_memory_down(home.parent)) {
    const std::filesystem::path control = home.parent / "cgroup.subtree_control";
    controller_ = journal.apply({Change::Kind::controller, control, "-memory"}, [&] {
      os::write_text(control, "+memory");
      return "";
    });
  }
  group_ = journal.apply({Change::Kind::cgroup, folder_, ""}, [this] {
    if (::mkdir(folder_.c_str(), 0755) != 0)
      throw os::SystemError(
          "make the cgroup", folder_.native(), errno,
          "run as root, or in a delegated cgroup; `tlbstorm run pageout` works without one");
    return os::identity_at(AT_FDCWD, folder_);
  });
  if (limit) limit_memory(*limit);
  // One worker's OOM kill ends the trial anyway; taking all at once leaves no half-dead one.
  if (version_ == CgroupVersion::v2) os::write_text(folder_ / "memory.oom.group", "1");
}

void Confinement::limit_memory(os::Bytes limit) const {
  const char* const file = version_ == CgroupVersion::v2 ? "memory.max" : "memory.limit_in_bytes";
  os::write_text(folder_ / file, fmt::format("{}", limit.count));
}

void Confinement::join() const {
  if (!folder_.empty()) os::write_text(folder_ / "cgroup.procs", "0");
}

bool Confinement::reclaim_all() const {
  if (folder_.empty()) return false;
  try {
    version_ == CgroupVersion::v2 ? os::write_text(folder_ / "memory.reclaim", "1T")
                                  : os::write_text(folder_ / "memory.force_empty", "0");
  } catch (const os::SystemError& error) {
    return error.code() == EAGAIN || error.code() == EBUSY;  // not all of what was asked for
  }
  return true;
}

std::uint64_t Confinement::oom_kills() const {
  if (folder_.empty()) return 0;
  const char* const file = version_ == CgroupVersion::v2 ? "memory.events" : "memory.oom_control";
  const std::string text = os::try_read_text(folder_ / file).value_or("");
  return os::to_number(os::find_value(text, "oom_kill").value_or("")).value_or(0);
}

}  // namespace tlbstorm::trial

// SPDX-License-Identifier: Apache-2.0
#include "harness/trial/confinement.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "harness/os/error.hpp"
#include "harness/os/identity.hpp"
#include "harness/os/text.hpp"

namespace tlbstorm::trial {

using machine::CgroupVersion;
using os::Change;

MemoryLimit::MemoryLimit(std::filesystem::path file, std::optional<os::Bytes> limit)
    : file_(std::move(file)) {
  if (limit) os::write_text(file_, fmt::format("{}", limit->count));
  before_ = os::trim(os::read_text(file_));  // the kernel rounds
}

std::string MemoryLimit::changed() const {
  if (file_.empty()) return "";
  const auto text = os::try_read_text(file_);
  if (!text)
    return fmt::format(
        "the memory limit of the trial's cgroup is gone: {} can't be read any more, as when someone takes "
        "the "
        "memory controller out of the cgroup.subtree_control above it",
        file_.native());
  const std::string_view now = os::trim(*text);
  if (now == before_) return "";
  return fmt::format("the memory limit of the trial's cgroup was changed while it ran: {} was {} and is {}",
                     file_.native(), before_, now);
}

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
  limit_ =
      MemoryLimit(folder_ / (version_ == CgroupVersion::v2 ? "memory.max" : "memory.limit_in_bytes"), limit);
  // One worker's OOM kill ends the trial anyway; taking all at once leaves no half-dead one.
  if (version_ == CgroupVersion::v2) os::write_text(folder_ / "memory.oom.group", "1");
}

void Confinement::join() const {
  if (!folder_.empty()) os::write_text(folder_ / "cgroup.procs", "0");
}

bool Confinement::holds_us() const {
  const auto members = os::try_read_text(folder_ / "cgroup.procs");
  if (folder_.empty() || !members) return true;
  const std::string pid = fmt::format("{}\n", ::getpid());
  return members->starts_with(pid) || members->find("\n" + pid) != std::string::npos;
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

// SPDX-License-Identifier: Apache-2.0
#include "harness/os/perf_event.hpp"

#include <fmt/format.h>
#include <linux/perf_event.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include "harness/os/error.hpp"
#include "harness/os/text.hpp"

namespace tlbstorm::os {
namespace {

/// A detached tracefs mount: https://man7.org/linux/man-pages/man2/fsmount.2.html
Fd mount_privately() {
  const Fd context(static_cast<int>(::syscall(SYS_fsopen, "tracefs", FSOPEN_CLOEXEC)));
  if (!context) throw SystemError("fsopen", "tracefs", errno, "run as root");
  if (::syscall(SYS_fsconfig, context.get(), FSCONFIG_CMD_CREATE, nullptr, nullptr, 0) != 0)
    throw SystemError("fsconfig", "tracefs", errno);
  Fd root(static_cast<int>(::syscall(SYS_fsmount, context.get(), FSMOUNT_CLOEXEC, 0)));
  if (!root) throw SystemError("fsmount", "tracefs", errno);
  return root;
}

}  // namespace

TraceFs::TraceFs() {
  for (const char* const path : {"/sys/kernel/tracing", "/sys/kernel/debug/tracing"}) {
    if (::access(fmt::format("{}/events", path).c_str(), F_OK) != 0) continue;
    root_ = Fd::open(path, O_RDONLY | O_DIRECTORY);
    origin_ = path;
    return;
  }
  root_ = mount_privately();
  origin_ = "a private mount";
}

std::uint64_t TraceFs::event_id(std::string_view event) const {
  const std::string path = fmt::format("events/{}/id", event);
  const Fd file = Fd::open_at(root_, path, O_RDONLY);
  char text[32];
  const ssize_t got = ::read(file.get(), text, sizeof text);
  const auto id = to_number(trim({text, got > 0 ? static_cast<std::size_t>(got) : 0}));
  if (!id) throw SystemError("read", path, got < 0 ? errno : EINVAL);
  return *id;
}

TracepointCounter::TracepointCounter(std::uint64_t event_id, int cpu, const std::string& filter) {
  perf_event_attr attributes{};
  attributes.size = sizeof attributes;
  attributes.type = PERF_TYPE_TRACEPOINT;
  attributes.config = event_id;
  fd_ = Fd(static_cast<int>(::syscall(SYS_perf_event_open, &attributes, -1, cpu, -1, PERF_FLAG_FD_CLOEXEC)));
  if (!fd_)
    throw SystemError("perf_event_open", fmt::format("tracepoint {} on CPU {}", event_id, cpu), errno);
  if (!filter.empty() && ::ioctl(fd_.get(), PERF_EVENT_IOC_SET_FILTER, filter.c_str()) != 0)
    throw SystemError("perf_event filter", filter, errno);
}

std::uint64_t TracepointCounter::read() const {
  std::uint64_t value = 0;
  if (::read(fd_.get(), &value, sizeof value) != sizeof value) throw SystemError("read", "perf event", errno);
  return value;
}

}  // namespace tlbstorm::os

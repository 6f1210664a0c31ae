// SPDX-License-Identifier: Apache-2.0
#include "harness/os/perf_event.hpp"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "harness/os/clock.hpp"
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

void CounterGroup::add(perf_event_attr attributes, const std::string& name, const std::string& filter) {
  attributes.size = sizeof attributes;
  attributes.read_format =
      PERF_FORMAT_GROUP | PERF_FORMAT_TOTAL_TIME_ENABLED | PERF_FORMAT_TOTAL_TIME_RUNNING;
  attributes.inherit = watched_.inherited;
  const int leader = members_.empty() ? -1 : members_.front().get();
  Fd fd(static_cast<int>(
      ::syscall(SYS_perf_event_open, &attributes, watched_.pid, watched_.cpu, leader, PERF_FLAG_FD_CLOEXEC)));
  if (!fd) throw SystemError("perf_event_open", name, errno);
  if (!filter.empty() && ::ioctl(fd.get(), PERF_EVENT_IOC_SET_FILTER, filter.c_str()) != 0)
    throw SystemError("perf_event filter", fmt::format("{} if {}", name, filter), errno);
  members_.push_back(std::move(fd));
  buffer_.resize(3 + members_.size());
}

/// A CPU's counters are enabled all the time that it is online. When it goes, the kernel takes its events off
/// for good (kernel/events/core.c: __perf_event_exit_context): a group loses its members, and a single event
/// keeps the count that it had. The wait is for clocks that tick.
bool CounterGroup::still_counts() noexcept {
  constexpr Nanoseconds kStandstill = std::chrono::milliseconds{100};
  if (watched_.cpu < 0) return true;
  const Nanoseconds at = now();
  if (buffer_[1] == enabled_ && alive_ != Nanoseconds{}) return at - alive_ < kStandstill;
  enabled_ = buffer_[1];
  alive_ = at;
  return true;
}

std::optional<CounterGroup::Times> CounterGroup::read(std::span<std::uint64_t> values) noexcept {
  if (members_.empty()) return std::nullopt;
  const ssize_t size = static_cast<ssize_t>(buffer_.size() * sizeof buffer_[0]);
  if (::read(members_.front().get(), buffer_.data(), static_cast<std::size_t>(size)) != size)
    return std::nullopt;
  if (!still_counts()) return std::nullopt;
  std::copy(buffer_.begin() + 3, buffer_.end(), values.begin());
  return Times{Nanoseconds{static_cast<std::int64_t>(buffer_[1])},
               Nanoseconds{static_cast<std::int64_t>(buffer_[2])}};
}

void check_right_to_count(int cpu, const std::string& name) {
  perf_event_attr attributes{};
  attributes.type = PERF_TYPE_SOFTWARE;
  attributes.config = PERF_COUNT_SW_DUMMY;
  CounterGroup(Watched::on_cpu(cpu)).add(attributes, name);
}

perf_event_attr tracepoint_attributes(std::uint64_t event_id) {
  perf_event_attr attributes{};
  attributes.type = PERF_TYPE_TRACEPOINT;
  attributes.config = event_id;
  return attributes;
}

}  // namespace tlbstorm::os

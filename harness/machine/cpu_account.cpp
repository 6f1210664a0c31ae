// SPDX-License-Identifier: Apache-2.0
#include "harness/machine/cpu_account.hpp"

#include <unistd.h>

#include <ctime>

#include "harness/os/fd.hpp"
#include "harness/os/mounts.hpp"
#include "harness/os/text.hpp"

namespace tlbstorm::machine {
namespace {

using std::filesystem::path;

os::Nanoseconds tick_of_stat() { return os::Nanoseconds{std::chrono::seconds{1}} / ::sysconf(_SC_CLK_TCK); }

/// The root cgroup's file: of all cgroups of a hierarchy it alone has a release_agent, and a container's
/// mount shows another one.
path root_usage(const path& proc) {
  const std::string mounts = os::try_read_text(proc / "self/mountinfo").value_or("");
  for (const os::Mount& mount : os::parse_mountinfo(mounts)) {
    path file = path(mount.mount_point) / "cpuacct.usage_percpu";
    if (mount.type == "cgroup" && ::access(file.c_str(), R_OK) == 0 &&
        ::access((path(mount.mount_point) / "release_agent").c_str(), F_OK) == 0)
      return file;
  }
  return {};
}

}  // namespace

CpuAccount::Times parse_usage_percpu(std::string_view text) {
  CpuAccount::Times used;
  std::string_view line = os::take_line(text);
  for (int cpu = 0;; ++cpu) {
    const auto time = os::to_number(os::take_field(line));
    if (!time) return used;
    used[cpu] = os::Nanoseconds{static_cast<std::int64_t>(*time)};
  }
}

CpuAccount::Times parse_cpu_stat(std::string_view text, os::Nanoseconds tick) {
  CpuAccount::Times used;
  while (!text.empty()) {
    std::string_view line = os::take_line(text);
    const std::string_view name = os::take_field(line);
    const auto cpu = name.starts_with("cpu") ? os::to_number(name.substr(3)) : std::nullopt;
    if (!cpu) continue;
    // user, nice, system: fs/proc/stat.c: show_stat()
    std::uint64_t ticks = 0;
    for (int field = 0; field < 3; ++field) ticks += os::to_number(os::take_field(line)).value_or(0);
    used[static_cast<int>(*cpu)] = tick * static_cast<std::int64_t>(ticks);
  }
  return used;
}

CpuAccount::CpuAccount(const path& proc) : file_(root_usage(proc)), ticks_(file_.empty()) {
  if (ticks_) file_ = proc / "stat";
  timespec tick{};
  ::clock_getres(CLOCK_MONOTONIC_COARSE, &tick);  // the kernel's own: kernel/time/posix-timers.c
  resolution_ = ticks_ ? tick_of_stat() : std::chrono::seconds{tick.tv_sec} + os::Nanoseconds{tick.tv_nsec};
}

CpuAccount::Times CpuAccount::read() const {
  const std::string text = os::try_read_text(file_).value_or("");
  return ticks_ ? parse_cpu_stat(text, tick_of_stat()) : parse_usage_percpu(text);
}

}  // namespace tlbstorm::machine

// SPDX-License-Identifier: Apache-2.0
#include "harness/trial/ballast.hpp"

#include <fmt/format.h>
#include <linux/capability.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>

#include "harness/os/clock.hpp"
#include "harness/os/error.hpp"
#include "harness/os/futex.hpp"
#include "harness/os/meminfo.hpp"
#include "harness/os/privileges.hpp"
#include "harness/os/text.hpp"

namespace tlbstorm::trial {
namespace {

using os::operator""_MiB;

constexpr os::Bytes kStep = 16_MiB;
constexpr os::Nanoseconds kGlance = std::chrono::milliseconds{20};

/// What the ballast's process has to say, in memory shared with it.
struct BallastReport {
  enum State : std::uint32_t { working, holding, at_floor, refused };
  std::atomic<std::uint32_t> state{working};
  std::atomic<std::uint64_t> locked{0};
  std::atomic<std::int32_t> error{0};
};

/// The process: locks step by step, then only waits to be killed.
int hold(os::Bytes size, os::Bytes floor, BallastReport& report) {
  static constexpr std::array<int, 1> kKept{CAP_IPC_LOCK};
  os::close_files_but({});
  os::keep_only_capabilities(kKept);
  os::write_text("/proc/self/oom_score_adj", "1000");
  const os::Mapping memory = os::Mapping::anonymous(size);
  BallastReport::State state = BallastReport::holding;
  for (std::uint64_t at = 0; at < size.count && state == BallastReport::holding; at += kStep.count) {
    const std::uint64_t step = std::min(kStep.count, size.count - at);
    if (os::read_meminfo("MemAvailable").count < floor.count + step) {
      state = BallastReport::at_floor;
    } else if (::mlock(memory.data() + at, step) != 0) {  // also touches it
      report.error = errno;
      state = BallastReport::refused;
    } else {
      report.locked += step;
    }
  }
  report.state.store(state, std::memory_order_release);
  os::futex_wake_all(report.state);
  while (state == BallastReport::holding) ::pause();  // NOLINT(bugprone-infinite-loop): until it is killed
  return 0;
}

}  // namespace

os::Bytes ballast_floor(os::Bytes memory) { return std::max(memory / 16, 128_MiB); }

os::Bytes check_ballast(os::Bytes size, const std::string& text, const machine::Machine& machine) {
  size = size / os::page_size().count * os::page_size().count;
  if (size.count == 0)
    throw os::UsageError("--ballast", text, "less than a page", "give a size such as 1G or 25%");
  const os::Bytes floor = ballast_floor(machine.memory);
  const std::uint64_t most = machine.available > floor ? machine.available.count - floor.count : 0;
  if (size.count > most)
    throw os::UsageError("--ballast", text,
                         fmt::format("{} are available, and {} stay free", os::format_size(machine.available),
                                     os::format_size(floor)),
                         fmt::format("give at most {}", os::format_size({most})));
  rlimit limit{};
  ::getrlimit(RLIMIT_MEMLOCK, &limit);
  if (::geteuid() != 0 && limit.rlim_cur < size.count)
    throw os::UsageError("--ballast", text,
                         fmt::format("this user may lock {}", os::format_size({limit.rlim_cur})),
                         "run as root, or raise the limit (ulimit -l)");
  return size;
}

Ballast::Ballast(os::Bytes size, const os::SignalFd& signals)
    : report_(os::Mapping::shared(os::page_size())) {
  BallastReport& report = *std::construct_at(reinterpret_cast<BallastReport*>(report_.data()));
  const os::Bytes floor = ballast_floor(os::read_meminfo("MemTotal"));
  child_ = os::Child::fork(true, [&] { return hold(size, floor, report); });
  while (report.state.load(std::memory_order_acquire) == BallastReport::working && !child_.poll() &&
         !signals.pending())
    os::futex_wait(report.state, BallastReport::working, os::now() + kGlance);
  const os::Bytes locked{report.locked};
  if (const auto ended = child_.poll(); ended && report.state == BallastReport::working)
    throw os::Error(
        fmt::format("the ballast was {} after it had locked {}", ended->text(), os::format_size(locked)),
        "give a smaller --ballast");
  if (report.state == BallastReport::refused)
    throw os::SystemError("lock the ballast after", os::format_size(locked), report.error,
                          "give a smaller --ballast");
  if (report.state == BallastReport::at_floor)
    throw os::Error(fmt::format("the ballast stopped at {}: {} must stay available", os::format_size(locked),
                                os::format_size(floor)),
                    "give a smaller --ballast, or free some memory");
}

std::string Ballast::fate() {
  const auto ended = child_.poll();
  return ended ? "the ballast was " + ended->text() : "";
}

}  // namespace tlbstorm::trial

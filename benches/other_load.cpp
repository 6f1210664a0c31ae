// SPDX-License-Identifier: Apache-2.0
#include "benches/other_load.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

#include "harness/judge/limits.hpp"
#include "harness/os/clock.hpp"
#include "harness/os/fd.hpp"
#include "harness/os/text.hpp"
#include "harness/record/benchmark_json.hpp"

namespace tlbstorm::benches {

Ticks count_ticks(std::string_view stat) {
  std::string_view line = os::take_line(stat);
  if (os::take_field(line) != "cpu") return {};
  std::uint64_t user = 0, nice = 0, stolen = 0, unused = 0;  // in their order: fs/proc/stat.c: show_stat
  for (std::uint64_t* const field : {&user, &nice, &unused, &unused, &unused, &unused, &unused, &stolen})
    *field = os::to_number(os::take_field(line)).value_or(0);
  return {user + nice, stolen};
}

std::string label_of(const OwnThreads& own, const Ticks& grown, os::Nanoseconds passed, int cpus) {
  constexpr double kUncertain = 4;
  // Operations wait for sharers that are away, and long ones without them do not count: what is left of them
  // in a repetition's figures is less than in a trial's.
  constexpr double kLeastOnCpu = 0.90, kMostWaiting = 0.10;
  const auto per_second = static_cast<double>(::sysconf(_SC_CLK_TCK));
  const double all = os::to_seconds(passed) * per_second * cpus;
  const double foreign = static_cast<double>(grown.user) - os::to_seconds(own.user) * per_second;
  const auto stolen = static_cast<double>(grown.stolen);
  const auto spoilt = [](std::string_view what, double share) {
    return fmt::format("{}{} {:.0f}% of the time", record::kSpoilt, what, 100 * share);
  };
  if (own.on_cpu < kLeastOnCpu) return spoilt("the sharers had their CPUs for", own.on_cpu);
  if (own.waited > kMostWaiting) return spoilt("a thread waited for its CPU for", own.waited);
  if (foreign > judge::kMostForeign * all + kUncertain)
    return spoilt("other programs ran, of all CPUs,", foreign / all);
  if (stolen > judge::kMostStolen * all + kUncertain)
    return spoilt("the hypervisor stole, of all CPUs,", stolen / all);
  return "";
}

namespace {

Ticks ticks_now() { return count_ticks(os::try_read_text("/proc/stat").value_or("")); }

}  // namespace

OtherLoad::OtherLoad() : began_(os::now()), before_(ticks_now()) {}

std::string OtherLoad::label(const OwnThreads& own) const {
  Ticks grown = ticks_now();
  grown.user -= std::min(grown.user, before_.user);
  grown.stolen -= std::min(grown.stolen, before_.stolen);
  return label_of(own, grown, os::now() - began_, static_cast<int>(::sysconf(_SC_NPROCESSORS_ONLN)));
}

}  // namespace tlbstorm::benches

// SPDX-License-Identifier: Apache-2.0
#include "harness/trial/seat.hpp"

#include <fmt/format.h>
#include <sched.h>

#include <algorithm>
#include <cerrno>
#include <limits>

#include "harness/os/fd.hpp"
#include "harness/os/process.hpp"
#include "harness/os/text.hpp"

namespace tlbstorm::trial {
namespace {

constexpr std::size_t kBits = std::numeric_limits<unsigned long>::digits;
constexpr std::size_t kMostWords = (std::size_t{1} << 20) / kBits;

bool read_mask(std::vector<unsigned long>& mask) noexcept {
  return ::sched_getaffinity(0, mask.size() * sizeof mask[0], reinterpret_cast<cpu_set_t*>(mask.data())) == 0;
}

/// How often the scheduler has put the calling thread on another CPU: kernel/sched/debug.c:
/// proc_sched_show_task.
std::optional<std::uint64_t> count_moves() {
  const std::string text = os::try_read_text("/proc/thread-self/sched").value_or("");
  return os::to_number(os::find_value(text, "se.nr_migrations", ':').value_or(""));
}

}  // namespace

void Seat::take(int cpu) {
  os::pin_to_cpu(cpu);
  cpu_ = cpu;
  mask_.assign(1024 / kBits, 0);
  // The kernel refuses a mask smaller than its own.
  while (!read_mask(mask_) && errno == EINVAL && mask_.size() < kMostWords) mask_.resize(2 * mask_.size());
  moves_ = count_moves();
}

bool Seat::kept() const noexcept {
  if (cpu_ < 0) return true;
  if (current() != cpu_ || !read_mask(mask_)) return false;
  const auto own = static_cast<std::size_t>(cpu_);
  for (std::size_t word = 0; word < mask_.size(); ++word)
    if (mask_[word] != (word == own / kBits ? 1UL << own % kBits : 0)) return false;
  return true;
}

bool Seat::never_left() const {
  const auto moves = count_moves();
  return !moves_ || !moves || *moves == *moves_;
}

std::string Seat::lost(const std::string& who) const {
  return fmt::format(
      "{} did not stay on CPU {}, where it was put: its affinity or cpuset was changed from outside, or the "
      "CPU "
      "went offline",
      who, cpu_);
}

int Seat::current() noexcept { return ::sched_getcpu(); }

}  // namespace tlbstorm::trial

// SPDX-License-Identifier: Apache-2.0
#include "harness/trial/sampler.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <system_error>

#include "harness/os/clock.hpp"
#include "harness/os/error.hpp"

namespace tlbstorm::trial {
namespace {

/// A sample takes less than this, so who waits longer for one should look whether the ring is full.
constexpr os::Nanoseconds kPatience = std::chrono::milliseconds{20};

/// Rows that the ring holds: enough for the recorder to be away for seconds, within some 16 MiB on large
/// machines.
std::size_t ring_capacity(std::size_t columns) {
  constexpr std::size_t kBudget = std::size_t{16} << 20;
  return std::clamp<std::size_t>(kBudget / (columns * sizeof(double)), 64, 1024);
}

}  // namespace

Sampler::Sampler(ProbeSet& probes, Scoreboard& scoreboard, os::Nanoseconds interval, int trial)
    : probes_(probes),
      scoreboard_(scoreboard),
      interval_(interval),
      trial_(trial),
      capacity_(ring_capacity(probes.columns().size())),
      rows_(capacity_),
      values_(capacity_ * probes.columns().size()) {}

Sampler::~Sampler() {
  if (thread_.joinable()) finish([](const Sample&) {});
}

void Sampler::start() {
  origin_ = os::now();
  scoreboard_.set_sampling(true);
  try {
    thread_ = std::thread([this] { run(); });
  } catch (const std::system_error& error) {
    throw os::Error(fmt::format("the thread that samples could not be made: {}", error.code().message()),
                    "raise what limits the number of threads: pids.max of the cgroup, ulimit -u, ulimit -v");
  }
}

bool Sampler::enter(Stage stage, const Take& take) {
  const std::uint32_t request = scoreboard_.request_edge(stage);
  while (!scoreboard_.stopped() && !scoreboard_.wait_for_sample(request, os::now() + kPatience)) drain(take);
  return !scoreboard_.stopped();
}

void Sampler::finish(const Take& take) {
  finishing_.store(true, std::memory_order_release);
  const std::uint32_t request = scoreboard_.request_edge({Phase::done, scoreboard_.stage().round});
  while (!scoreboard_.wait_for_sample(request, os::now() + kPatience)) drain(take);
  thread_.join();
  scoreboard_.set_sampling(false);
  drain(take);
}

void Sampler::run() {
  std::uint32_t seen = 0;
  take_sample(scoreboard_.stage(), true);
  os::Nanoseconds deadline = os::now() + interval_;
  for (;;) {
    const std::uint32_t requested = scoreboard_.wait_for_edge(seen, deadline);
    if (requested != seen) {
      seen = requested;
      const Stage next = scoreboard_.requested_stage();
      while (!take_sample(next, true)) wait_for_space();
      scoreboard_.complete_edge(requested);
      if (next.phase == Phase::done && finishing_.load(std::memory_order_acquire)) return;
      continue;
    }
    if (!take_sample(scoreboard_.stage(), false)) ++facts_.dropped;
    deadline += interval_;
    for (; deadline <= os::now(); deadline += interval_) ++facts_.late;
  }
}

bool Sampler::take_sample(Stage stage, bool edge) {
  edge = edge || stage != last_;
  const std::uint64_t row = written_.load(std::memory_order_relaxed);
  // Somebody waits for an edge: the last places are for those alone.
  const std::size_t usable = edge ? capacity_ : capacity_ - capacity_ / 4;
  // What is measured begins only when there is a place for its end, too: waiting for one would be measured.
  const std::size_t needed = edge && stage.phase == Phase::measure ? 2 : 1;
  if (row - drained_.load(std::memory_order_acquire) + needed > usable) return false;
  const std::size_t width = probes_.columns().size();
  const std::size_t at = static_cast<std::size_t>(row % capacity_);
  const os::Nanoseconds begin = os::now();
  probes_.read({values_.data() + at * width, width}, scoreboard_, facts_.samples, edge,
               edge && stage.phase == Phase::measure);
  const os::Nanoseconds end = os::now();
  // The time of a row is the moment next to the measured phase.
  rows_[at] = {stage, (edge && stage.phase == Phase::measure ? end : begin) - origin_};
  written_.store(row + 1, std::memory_order_release);
  last_ = stage;
  ++facts_.samples;
  facts_.total += end - begin;
  facts_.longest = std::max(facts_.longest, end - begin);
  return true;
}

void Sampler::wait_for_space() const { std::this_thread::sleep_for(std::chrono::milliseconds{1}); }

void Sampler::drain(const Take& take) {
  const std::size_t width = probes_.columns().size();
  const std::uint64_t end = written_.load(std::memory_order_acquire);
  for (std::uint64_t row = drained_.load(std::memory_order_relaxed); row != end; ++row) {
    const std::size_t at = static_cast<std::size_t>(row % capacity_);
    take({trial_, rows_[at].stage, rows_[at].at, {values_.data() + at * width, width}});
    drained_.store(row + 1, std::memory_order_release);
  }
}

SamplingFacts Sampler::facts() const {
  SamplingFacts all = facts_;
  all.readings = probes_.readings();
  all.absent = probes_.absent();
  all.for_explaining = probes_.for_explaining();
  return all;
}

}  // namespace tlbstorm::trial

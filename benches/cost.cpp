// SPDX-License-Identifier: Apache-2.0
#include "benches/cost.hpp"

#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <exception>

#include "harness/os/error.hpp"
#include "harness/record/benchmark_json.hpp"

namespace tlbstorm::benches {
namespace {

using namespace std::chrono_literals;

/// Short beside the time that another program takes a CPU for, which is milliseconds; longer where so many
/// sharers are looked at that it takes long.
constexpr os::Nanoseconds kLookInterval = 50us;

/// An operation that an absence can cover, even one that is fast for having nobody to interrupt, is counted
/// alone.
constexpr os::Nanoseconds kLong = 100us;

/// Of all threads of this process.
os::Nanoseconds user_time() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return os::from_timeval(usage.ru_utime);
}

long faults_so_far() {
  rusage usage{};
  ::getrusage(RUSAGE_THREAD, &usage);
  return usage.ru_minflt + usage.ru_majflt;
}

}  // namespace

Cost::Cost(benchmark::State& state, Sharers& sharers, int pages)
    : state_(state),
      sharers_(sharers),
      pages_(pages),
      exceptions_before_(std::uncaught_exceptions()),
      user_before_(user_time()) {
  meter_.open();
  at_begin_ = meter_.read();
  start();
}

Cost::~Cost() {
  if (std::uncaught_exceptions() > exceptions_before_) return;  // the benchmark has its error
  try {
    stop();
    report();
  } catch (const os::Error& error) {
    state_.SkipWithError(error.what());
  }
}

void Cost::report() {
  if (operations_ == 0) {
    state_.SetLabel(fmt::format("{}the sharers were kept from their CPUs", record::kSpoilt));
    return;
  }
  const auto operations = static_cast<double>(operations_), pages = operations * pages_;
  if (const auto received = shootdowns_.received()) {
    state_.counters["ipis_per_op"] = *received / operations;
    state_.counters["ipis_per_page"] = *received / pages;
  }
  if (const auto sent = shootdowns_.sent()) state_.counters["flushes_sent_per_op"] = *sent / operations;
  state_.counters["ns_per_op"] = static_cast<double>(took_.count()) / operations;
  state_.counters["ns_per_page"] = static_cast<double>(took_.count()) / pages;
  state_.counters["faults_per_page"] = static_cast<double>(faults_) / pages;
  if (sharers_.count() > 0) state_.counters["sharers_on_cpu"] = sharers_.on_cpu();
  if (const std::string spoilt = label(); !spoilt.empty()) state_.SetLabel(spoilt);
}

std::string Cost::label() const {
  const trial::Usage used = meter_.read() - at_begin_;
  return load_.label({.waited = os::to_seconds(used.waiting) / os::to_seconds(used.wall),
                      .on_cpu = sharers_.count() > 0 ? sharers_.on_cpu() : 1,
                      .user = user_time() - user_before_});
}

void Cost::pause() {
  state_.PauseTiming();
  stop();
}

void Cost::resume() {
  start();
  state_.ResumeTiming();
}

void Cost::start() {
  counting_ = true;
  operations_of_stretch_ = 0;
  took_of_stretch_ = {};
  sharers_.wait_until_all_run();
  away_before_ = sharers_.away();
  shootdowns_.start();
  faults_before_ = faults_so_far();
  start_clock();
}

void Cost::stop() {
  if (!counting_) return;
  counting_ = false;
  took_of_stretch_ += os::now() - began_;
  shootdowns_.stop();  // first: after a fork each of these writes is copied and flushed
  const long faults = faults_so_far() - faults_before_;
  if (spoilt()) return shootdowns_.drop();
  took_ += took_of_stretch_;
  operations_ += operations_of_stretch_;
  faults_ += faults;
}

bool Cost::spoilt() {
  if (operations_of_stretch_ != 1) return false;
  sharers_.wait_until_all_run();  // how long it was is known at its end
  const auto away = sharers_.away();
  return away && away_before_ && (*away - *away_before_) * 200 > took_of_stretch_;
}

void Cost::start_clock() {
  operations_until_look_ = sharers_.count() > 0 ? operations_between_looks_ : 0;  // 0: never
  began_ = os::now();
}

void Cost::look_after_sharers() {
  state_.PauseTiming();
  const os::Nanoseconds now = os::now(), since = now - began_;
  if (operations_of_stretch_ == 1 && since > kLong) {  // a stretch of its own, which may be dropped
    stop();
    start();
    state_.ResumeTiming();
    return;
  }
  took_of_stretch_ += since;
  sharers_.wait_until_all_run();
  shortest_look_ = std::min<os::Nanoseconds>(shortest_look_, os::now() - now);
  const os::Nanoseconds interval = std::max(kLookInterval, 10 * shortest_look_);
  if (since < interval / 2)
    operations_between_looks_ *= 2;
  else if (since > interval)
    operations_between_looks_ = std::max<std::uint64_t>(1, operations_between_looks_ / 2);
  start_clock();
  state_.ResumeTiming();
}

}  // namespace tlbstorm::benches

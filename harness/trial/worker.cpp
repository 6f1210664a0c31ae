// SPDX-License-Identifier: Apache-2.0
#include "harness/trial/worker.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include "harness/os/futex.hpp"

namespace tlbstorm::trial {
Worker::Worker(Scoreboard& scoreboard, const Plan& plan, int index, const Confinement* fence,
               const os::Folder* folder)
    : scoreboard_(scoreboard),
      slot_(scoreboard.slot(index)),
      index_(index),
      mode_(plan.mode),
      run_seed_(plan.seed),
      fence_(fence),
      folder_(folder),
      warmup_(plan.warmup),
      duration_(plan.duration) {}

std::uint64_t Worker::seed() const {
  // splitmix64's increment keeps the workers' sequences apart: Steele, Lea, Flood, OOPSLA 2014.
  return run_seed_ + 0x9e3779b97f4a7c15ULL * (static_cast<std::uint64_t>(index_) + 1);
}

void Worker::pin(int cpu) {
  seat_.take(cpu);
  slot_.tid.store(::gettid(), std::memory_order_relaxed);
  slot_.cpu.store(cpu, std::memory_order_relaxed);
  meter_.open();
}

void Worker::report_ready() { scoreboard_.ready().fetch_add(1, std::memory_order_acq_rel); }

void Worker::wait_for_first_phase() {
  constexpr os::Nanoseconds kLookAgain = std::chrono::milliseconds{100};
  // To wait on what was looked at: if the phase has begun since, the wait returns at once.
  for (Stage stage; (stage = scoreboard_.stage()).phase == Phase::setup;)
    os::futex_wait(scoreboard_.stage_word(), stage.word(), os::now() + kLookAgain);
  require(!scoreboard_.stopped());
}

void Worker::close_usage() {
  if (measuring_) {
    slot_.measured += meter_.read() - at_measure_;
    if (!seat_.kept()) lose_seat();
  }
  measuring_ = false;
}

void Worker::lose_seat() {
  slot_.cpu.store(Seat::current(), std::memory_order_relaxed);
  invalidate(seat_.lost(fmt::format("worker {}", index_)));
}

void Worker::leave() {
  if (!seat_.never_left()) lose_seat();
  if (fence_ != nullptr && !fence_->holds_us())
    invalidate("the trial was moved out of its cgroup while it ran: nothing limited its memory");
}

void Worker::observe_stage() {
  close_usage();
  seen_ = scoreboard_.stage();
  measuring_ = seen_.phase == Phase::measure;
  if (measuring_) at_measure_ = meter_.read();
  last_progress_ = {};
}

void Worker::barrier() { require(scoreboard_.barrier()); }

bool Worker::next_round(std::int64_t rounds) {
  if (first_) {
    first_ = false;
    first_round_ = os::now();
  } else {
    ++round_;
  }
  if (leader()) {
    const bool late = duration_ && measured_rounds_ > 0 && os::now() - first_measured_ >= *duration_;
    scoreboard_.rounds_over().store(measured_rounds_ >= rounds || late, std::memory_order_release);
  }
  barrier();
  return scoreboard_.rounds_over().load(std::memory_order_acquire) == 0;
}

void Worker::open_round() {
  const bool warming = warmup_ > os::Nanoseconds{0} && (round_ == 0 || os::now() - first_round_ < warmup_);
  require(scoreboard_.enter({warming ? Phase::warmup : Phase::measure, round_}));
  observe_stage();
  if (!warming && measured_rounds_++ == 0) first_measured_ = os::now();
}

void Worker::close_round() {
  close_usage();
  require(scoreboard_.enter({Phase::setup, round_ + 1}));
  observe_stage();
}

void Worker::measure(const std::function<void()>& reclaim) {
  open_round();
  reclaim();
  close_round();
}

void Worker::measure_together(const std::function<void()>& work) {
  if (leader()) open_round();
  barrier();
  if (!leader()) observe_stage();
  work();
  close_usage();
  barrier();
  if (leader()) close_round();
}

bool Worker::reclaim_own_memory() const { return fence_ != nullptr && fence_->reclaim_all(); }

void Worker::report_wrong_page(std::string_view description, std::span<const std::byte> found,
                               std::span<const std::byte> expected) {
  const std::uint64_t number = scoreboard_.count_wrong_page();
  if (number > Scoreboard::kWrongPagesDescribed) return;
  std::string text = fmt::format("{}; worker {}, {}", description, index_, name(scoreboard_.stage().phase));
  try {
    const std::string file = fmt::format("wrong-page-{}", number);
    if (!found.empty()) text += ": " + keep_evidence(file, found).filename().native();
    if (!expected.empty()) keep_evidence(file + "-expected", expected);
  } catch (const os::Error& error) {
    text += fmt::format(": {}", error.what());  // a full disk must not end the search
  }
  scoreboard_.describe_wrong_page(number, text);
}

std::filesystem::path Worker::keep_evidence(std::string_view name, std::span<const std::byte> bytes) const {
  if (folder_ == nullptr) return {};
  const std::string file = fmt::format("{}-trial{}.bin", name, scoreboard_.trial());
  os::write_all(folder_->create(file), {reinterpret_cast<const char*>(bytes.data()), bytes.size()},
                *folder_ / file);
  return *folder_ / file;
}

}  // namespace tlbstorm::trial

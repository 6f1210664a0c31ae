// SPDX-License-Identifier: Apache-2.0
// The shared memory of one trial: the stage, a slot for each worker, and what the trial process has to say.
// Made by the parent before it forks, so what a killed worker had counted is still there.
//
// Who writes what: a slot is written by its worker alone; the stage by the sampler, on request, and by
// whoever stops the trial; messages by the trial process. Everything is lock-free.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "harness/os/mapping.hpp"
#include "harness/trial/access.hpp"
#include "harness/trial/histogram.hpp"
#include "harness/trial/phase.hpp"
#include "harness/trial/stage_word.hpp"
#include "harness/trial/stall_log.hpp"
#include "harness/trial/usage.hpp"

namespace tlbstorm::trial {

inline constexpr std::size_t kCacheLine = 64;
inline constexpr std::size_t kWorkloadCounters = 15;

/// One worker's part of the scoreboard; the first two cache lines are what its loop writes.
struct alignas(kCacheLine) Slot {
  std::atomic<std::uint64_t> operations{0};
  std::array<std::atomic<std::uint64_t>, kWorkloadCounters> counters{};
  // written at phase changes only
  std::atomic<std::int32_t> tid{0};
  std::atomic<std::int32_t> cpu{-1};
  os::Nanoseconds timing_overhead{};  ///< subtracted from every time in `latency`
  // of the measured phase
  Usage measured;
  std::array<Histogram, AccessClass::kCount> latency;  ///< by AccessClass::index()
  StallLog stalls;
};

/// What a bystander lost to interrupts in the measured phase.
struct alignas(kCacheLine) BystanderSlot {
  std::atomic<std::int32_t> tid{0};
  std::atomic<std::int32_t> cpu{-1};
  std::atomic<std::uint64_t> lost_ns{0};  ///< summed over its gaps
  Histogram gaps;                         ///< those above the threshold
  Usage measured;
};

/// A short text that one process leaves for another; the first one stays.
class Message {
 public:
  void set(std::string_view text);
  std::string get() const;
  /// Waits while another worker writes it, but not for one that was killed in the middle.
  void wait_until_written() const;

 private:
  std::atomic<std::uint32_t> state_{0};  // 0 empty, 1 being written, 2 there
  std::array<char, 500> text_{};
};

class Scoreboard {
 public:
  /// Maps and touches the memory, so that it is charged to us and not to the trial's cgroup.
  explicit Scoreboard(int workers, int bystanders = 0, int trial = 1);

  int workers() const { return workers_; }
  int bystanders() const { return bystanders_; }
  int trial() const { return trial_; }
  Slot& slot(int worker) { return slots_[worker]; }
  const Slot& slot(int worker) const { return slots_[worker]; }
  BystanderSlot& bystander(int index) { return bystander_slots_[index]; }
  const BystanderSlot& bystander(int index) const { return bystander_slots_[index]; }

  /// What is in force now.
  Stage stage() const { return head_->stage.get(); }
  /// The same as a word, for a loop that only looks whether it changed.
  const std::atomic<std::uint32_t>& stage_word() const { return head_->stage.word(); }

  /// Asks the sampler for a sample at which the stage changes; the number of the request.
  std::uint32_t request_edge(Stage stage);
  /// Whether that sample is taken; sleeps until then, the deadline, or a stop.
  bool wait_for_sample(std::uint32_t request, os::Nanoseconds deadline) const;
  /// Both, until it is taken; false when stopped. For workers: the main thread has to empty the sampler's
  /// ring while it waits.
  bool enter(Stage stage);
  /// The sampler's side: whether it takes requests.
  void set_sampling(bool on) { head_->sampling.store(on ? 1 : 0, std::memory_order_release); }
  /// The sampler's side: the last request's number; sleeps until there is a newer one than `seen` or the
  /// deadline.
  std::uint32_t wait_for_edge(std::uint32_t seen, os::Nanoseconds deadline) const;
  Stage requested_stage() const;
  /// The sampler's side: puts the requested stage in force, unless the trial has been stopped, and lets the
  /// requester go on.
  void complete_edge(std::uint32_t request);

  /// Ends the trial early: every wait returns, running() is false. Before that the sampler takes the edge
  /// that closes what was measured, while memory is still held and workers still run; if it is not done in a
  /// second they are not kept for it.
  void stop();
  bool stopped() const { return head_->stopped.load(std::memory_order_acquire) != 0; }

  /// For bystanders: no worker works any more.
  void end_workers() { head_->workers_ended.store(1, std::memory_order_release); }
  bool workers_ended() const { return head_->workers_ended.load(std::memory_order_acquire) != 0; }

  /// All workers meet here. False when stopped.
  bool barrier();
  /// The leader's word, given before a barrier and read after it, that no further round comes.
  std::atomic<std::uint32_t>& rounds_over() { return head_->rounds_over; }
  /// Workers and bystanders that stand ready for the first phase.
  std::atomic<std::uint32_t>& ready() { return head_->ready; }

  /// The trial process can't go on: why, and the exit code that it ends with, should it come to end by
  /// itself. The first one stays.
  void fail(std::string_view why, int code);
  /// Empty and 0 if it did not fail.
  std::string failure() const { return head_->failure.get(); }
  int failure_code() const { return head_->failure_code.load(std::memory_order_acquire); }
  /// Reports that the trial's figures don't mean what they should; at most kMessages are kept.
  void invalidate(std::string_view reason);
  void note(std::string_view text);
  /// Counts a page that came back wrong and returns its number, from 1; of the first ones there are
  /// descriptions.
  std::uint64_t count_wrong_page() { return head_->wrong_pages.fetch_add(1, std::memory_order_relaxed) + 1; }
  void describe_wrong_page(std::uint64_t number, std::string_view text);
  std::uint64_t wrong_pages() const { return head_->wrong_pages.load(std::memory_order_relaxed); }
  std::vector<std::string> invalid() const { return texts(head_->invalid); }
  std::vector<std::string> notes() const { return texts(head_->notes); }
  std::vector<std::string> wrong_page_descriptions() const { return texts(head_->wrong_page_descriptions); }

  static constexpr std::size_t kWrongPagesDescribed = 16;

 private:
  void take_closing_edge();
  static constexpr std::size_t kMessages = 8;
  using Messages = std::array<Message, kMessages>;

  struct Head {
    // The line that every worker's loop reads; written only when the phase changes.
    alignas(kCacheLine) StageWord stage;
    std::atomic<std::uint32_t> stopped{0};
    std::atomic<std::uint32_t> workers_ended{0};
    alignas(kCacheLine) std::atomic<std::uint32_t> edge_requested{0};
    std::atomic<std::uint32_t> edge_completed{0};
    std::atomic<std::uint32_t> edge_stage{0};
    std::atomic<std::uint32_t> sampling{0};
    std::atomic<std::uint32_t> closing{0};
    std::atomic<std::uint32_t> rounds_over{0};
    alignas(kCacheLine) std::atomic<std::uint32_t> ready{0};
    std::atomic<std::uint32_t> arrived{0};
    std::atomic<std::uint32_t> generation{0};
    std::atomic<std::int32_t> failure_code{0};
    Message failure;
    Messages invalid, notes;
    std::atomic<std::uint64_t> wrong_pages{0};
    std::array<Message, kWrongPagesDescribed> wrong_page_descriptions;
  };
  static void add(Messages& messages, std::string_view text);
  static std::vector<std::string> texts(std::span<const Message> messages);

  int workers_;
  int bystanders_;
  int trial_;
  os::Mapping memory_;
  Head* head_;
  Slot* slots_;
  BystanderSlot* bystander_slots_;
};

}  // namespace tlbstorm::trial

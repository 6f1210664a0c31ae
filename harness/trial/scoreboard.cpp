// SPDX-License-Identifier: Apache-2.0
#include "harness/trial/scoreboard.hpp"

#include <sched.h>

#include <algorithm>
#include <cstring>
#include <memory>

#include "harness/os/clock.hpp"
#include "harness/os/futex.hpp"

namespace tlbstorm::trial {
namespace {

// A waiter looks again this often, so that a wake-up lost with a killed process costs a moment and not the
// run.
constexpr os::Nanoseconds kLookAgain = std::chrono::milliseconds{100};

constexpr os::Nanoseconds kClosingTakes = std::chrono::seconds{1};  // at most

}  // namespace

void Message::set(std::string_view text) {
  std::uint32_t empty = 0;
  if (!state_.compare_exchange_strong(empty, 1)) return;
  const std::size_t length = std::min(text.size(), text_.size() - 1);
  std::memcpy(text_.data(), text.data(), length);
  text_[length] = '\0';
  state_.store(2, std::memory_order_release);
}

std::string Message::get() const {
  return state_.load(std::memory_order_acquire) == 2 ? std::string(text_.data()) : std::string();
}

void Message::wait_until_written() const {
  for (int i = 0; i < 10000 && state_.load(std::memory_order_acquire) == 1; ++i) ::sched_yield();
}

Scoreboard::Scoreboard(int workers, int bystanders, int trial)
    : workers_(workers),
      bystanders_(bystanders),
      trial_(trial),
      memory_(os::Mapping::shared({sizeof(Head) + static_cast<std::size_t>(workers) * sizeof(Slot) +
                                   static_cast<std::size_t>(bystanders) * sizeof(BystanderSlot)})) {
  // Constructing writes every page: that is the touch which charges them to this process.
  head_ = std::construct_at(reinterpret_cast<Head*>(memory_.data()));
  slots_ = reinterpret_cast<Slot*>(memory_.data() + sizeof(Head));
  for (int i = 0; i < workers; ++i) std::construct_at(slots_ + i);
  bystander_slots_ = reinterpret_cast<BystanderSlot*>(slots_ + workers);
  for (int i = 0; i < bystanders; ++i) std::construct_at(bystander_slots_ + i);
}

bool Scoreboard::enter(Stage stage) {
  head_->edge_stage.store(stage.word(), std::memory_order_relaxed);
  const std::uint32_t request = head_->edge_requested.fetch_add(1, std::memory_order_release) + 1;
  os::futex_wake_all(head_->edge_requested);
  for (;;) {
    const std::uint32_t completed = head_->edge_completed.load(std::memory_order_acquire);
    if (completed == request) return !stopped();
    if (stopped()) return false;
    os::futex_wait(head_->edge_completed, completed, os::now() + kLookAgain);
  }
}

std::uint32_t Scoreboard::wait_for_edge(std::uint32_t seen, os::Nanoseconds deadline) const {
  for (;;) {
    const std::uint32_t requested = head_->edge_requested.load(std::memory_order_acquire);
    if (requested != seen || os::now() >= deadline) return requested;
    os::futex_wait(head_->edge_requested, seen, deadline);
  }
}

/// Once the trial is being stopped there is one edge to come before its end, whoever asked for another.
Stage Scoreboard::requested_stage() const {
  const Stage asked(head_->edge_stage.load(std::memory_order_acquire));
  const bool closing = head_->closing.load(std::memory_order_acquire) != 0;
  return closing && asked.phase < Phase::verify ? Stage{Phase::verify, stage().round} : asked;
}

void Scoreboard::complete_edge(std::uint32_t request) {
  // A stop that came in between stays a stop.
  const Stage stage = stopped() ? Stage{Phase::verify, requested_stage().round} : requested_stage();
  head_->stage.store(stage.word(), std::memory_order_release);
  head_->edge_completed.store(request, std::memory_order_release);
  os::futex_wake_all(head_->stage);
  os::futex_wake_all(head_->edge_completed);
}

void Scoreboard::take_closing_edge() {
  const auto sampling = [&] { return head_->sampling.load(std::memory_order_acquire) != 0; };
  if (!sampling() || stopped() || stage().phase >= Phase::verify) return;
  head_->closing.store(1, std::memory_order_release);
  const std::uint32_t request = head_->edge_requested.fetch_add(1, std::memory_order_acq_rel) + 1;
  os::futex_wake_all(head_->edge_requested);
  const os::Nanoseconds deadline = os::now() + kClosingTakes;
  while (sampling() && os::now() < deadline) {
    const std::uint32_t completed = head_->edge_completed.load(std::memory_order_acquire);
    if (static_cast<std::int32_t>(completed - request) >= 0) return;
    os::futex_wait(head_->edge_completed, completed, std::min(deadline, os::now() + kLookAgain));
  }
}

void Scoreboard::stop() {
  take_closing_edge();
  head_->stopped.store(1, std::memory_order_release);
  head_->stage.store(Stage{Phase::verify, stage().round}.word(), std::memory_order_release);
  for (const auto* word : {&head_->stage, &head_->edge_completed, &head_->generation})
    os::futex_wake_all(*word);
}

bool Scoreboard::barrier() {
  const std::uint32_t generation = head_->generation.load(std::memory_order_acquire);
  if (head_->arrived.fetch_add(1, std::memory_order_acq_rel) + 1 == static_cast<std::uint32_t>(workers_)) {
    head_->arrived.store(0, std::memory_order_relaxed);
    head_->generation.fetch_add(1, std::memory_order_release);
    os::futex_wake_all(head_->generation);
    return !stopped();
  }
  while (head_->generation.load(std::memory_order_acquire) == generation) {
    if (stopped()) return false;
    os::futex_wait(head_->generation, generation, os::now() + kLookAgain);
  }
  return !stopped();
}

void Scoreboard::add(Messages& messages, std::string_view text) {
  for (Message& message : messages) {
    message.set(text);
    message.wait_until_written();
    if (message.get() == text.substr(0, 499)) return;  // ours, or the same was said before
  }
}

std::vector<std::string> Scoreboard::texts(const Messages& messages) {
  std::vector<std::string> all;
  for (const Message& message : messages)
    if (std::string text = message.get(); !text.empty()) all.push_back(std::move(text));
  return all;
}

void Scoreboard::invalidate(std::string_view reason) { add(head_->invalid, reason); }
void Scoreboard::note(std::string_view text) { add(head_->notes, text); }

}  // namespace tlbstorm::trial

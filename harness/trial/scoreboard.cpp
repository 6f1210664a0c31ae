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

std::uint32_t Scoreboard::request_edge(Stage stage) {
  head_->edge_stage.store(stage.word(), std::memory_order_relaxed);
  const std::uint32_t request = head_->edge_requested.fetch_add(1, std::memory_order_release) + 1;
  os::futex_wake_all(head_->edge_requested);
  return request;
}

bool Scoreboard::wait_for_sample(std::uint32_t request, os::Nanoseconds deadline) const {
  // Two requests that come together are one edge, which bears the later number.
  const auto taken = [request](std::uint32_t completed) {
    return static_cast<std::int32_t>(completed - request) >= 0;
  };
  for (;;) {  // the wake of an edge before this one may come late
    const std::uint32_t completed = head_->edge_completed.load(std::memory_order_acquire);
    if (taken(completed)) return true;
    if (os::now() >= deadline) return false;
    os::futex_wait(head_->edge_completed, completed, deadline);
  }
}

bool Scoreboard::enter(Stage stage) {
  const std::uint32_t request = request_edge(stage);
  while (!stopped() && !wait_for_sample(request, os::now() + kLookAgain)) {
  }
  return !stopped();
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
  // A stop that comes in between stays a stop: it changes the stage, and then this one looks again.
  head_->stage.change([&](Stage) {
    const Stage requested = requested_stage();
    return stopped() ? Stage{Phase::verify, requested.round} : requested;
  });
  head_->edge_completed.store(request, std::memory_order_release);
  os::futex_wake_all(stage_word());
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
  head_->stage.change([](Stage now) {
    return now.phase < Phase::verify ? Stage{Phase::verify, now.round} : now;
  });
  os::futex_wake_all(stage_word());
  os::futex_wake_all(head_->edge_completed);
  os::futex_wake_all(head_->generation);
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

void Scoreboard::fail(std::string_view why, int code) {
  std::int32_t none = 0;
  if (head_->failure_code.compare_exchange_strong(none, code)) head_->failure.set(why);
}

void Scoreboard::add(Messages& messages, std::string_view text) {
  for (Message& message : messages) {
    message.set(text);
    message.wait_until_written();
    if (message.get() == text.substr(0, 499)) return;  // ours, or the same was said before
  }
}

std::vector<std::string> Scoreboard::texts(std::span<const Message> messages) {
  std::vector<std::string> all;
  for (const Message& message : messages)
    if (std::string text = message.get(); !text.empty()) all.push_back(std::move(text));
  return all;
}

void Scoreboard::invalidate(std::string_view reason) { add(head_->invalid, reason); }
void Scoreboard::note(std::string_view text) { add(head_->notes, text); }

void Scoreboard::describe_wrong_page(std::uint64_t number, std::string_view text) {
  head_->wrong_page_descriptions[number - 1].set(text);
}

}  // namespace tlbstorm::trial

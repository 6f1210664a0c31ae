// SPDX-License-Identifier: Apache-2.0
// How does it scale? Threads of one mm, each on a CPU and with a region of its own, do nothing but one kind
// of call; beside them processes that do the same and share nothing. Like will-it-scale's
// tlb_flush2 and page_fault1, with efficiency: what a thread did beside the others, of what it does alone,
// measured just before and after.
#include <fmt/format.h>
#include <sys/mman.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <optional>
#include <utility>

#include "benches/benches.hpp"
#include "benches/other_load.hpp"
#include "benches/pages.hpp"
#include "benches/sharers.hpp"
#include "harness/os/futex.hpp"
#include "harness/os/process.hpp"
#include "harness/probe/shootdowns.hpp"
#include "harness/trial/own_count.hpp"
#include "harness/trial/usage.hpp"

namespace tlbstorm::benches {
namespace {

using namespace std::chrono_literals;

constexpr int kCalls = 1024;   // of an iteration, so that handing it to a process costs nothing beside it
constexpr auto kAlone = 50ms;  // before and after

/// What one thread, or its process, has done. In memory that processes share, on a line of its own.
struct alignas(64) Part {
  std::atomic<std::uint64_t> calls{0};
  std::atomic<std::int64_t> waited_ns{0}, user_ns{0};  ///< of the thread, since it began
};

/// kCalls operations on a region of as many pages, each counted when it is done.
using Calls = void (*)(std::span<std::byte> region, std::atomic<std::uint64_t>& done);

std::span<std::byte> page_of(std::span<std::byte> region, int i) {
  return region.subspan(size_of(i).count, size_of(1).count);
}

void dontneed(std::span<std::byte> region, std::atomic<std::uint64_t>& done) {
  for (int i = 0; i < kCalls; ++i) {
    const std::span<std::byte> page = page_of(region, i);
    touch(page);
    require(::madvise(page.data(), page.size(), MADV_DONTNEED) == 0, "madvise");
    trial::add_own(done, 1);
  }
}

void protect(std::span<std::byte> region, std::atomic<std::uint64_t>& done) {
  for (int i = 0; i < kCalls; ++i) {
    const std::span<std::byte> page = page_of(region, i);
    touch(page);
    require(::mprotect(page.data(), page.size(), PROT_READ) == 0, "mprotect");
    require(::mprotect(page.data(), page.size(), PROT_READ | PROT_WRITE) == 0, "mprotect");
    trial::add_own(done, 1);
  }
}

void map_and_unmap(std::span<std::byte>, std::atomic<std::uint64_t>& done) {
  for (int i = 0; i < kCalls; ++i) {
    map_touch_unmap(size_of(1).count);
    trial::add_own(done, 1);
  }
}

/// A fault is an operation; there is one flush for all of them.
void first_touch(std::span<std::byte> region, std::atomic<std::uint64_t>& done) {
  touch(region);
  require(::madvise(region.data(), region.size(), MADV_DONTNEED) == 0, "madvise");
  trial::add_own(done, kCalls);
}

/// Does the calls in the calling thread.
class OwnThread {
 public:
  OwnThread(Calls calls, Part& part)
      : calls_(calls), part_(part), region_(os::Mapping::anonymous(size_of(kCalls))) {
    meter_.open();
  }
  void run() {
    calls_(region_.bytes(), part_.calls);
    const trial::Usage used = meter_.read();
    part_.waited_ns.store(used.waiting.count(), std::memory_order_relaxed);
    part_.user_ns.store(used.user.count(), std::memory_order_relaxed);
  }

 private:
  Calls calls_;
  Part& part_;
  os::Mapping region_;
  trial::UsageMeter meter_;
};

/// Does the calls in a process, on the CPU of the calling thread, which sleeps meanwhile.
class OwnProcess {
 public:
  OwnProcess(Calls calls, Part& part)
      : memory_(os::Mapping::shared(size_of(1))),
        orders_(std::construct_at(reinterpret_cast<Orders*>(memory_.data()))) {
    child_ = os::Child::fork(false, [this, calls, &part] {
      OwnThread own(calls, part);
      for (std::uint32_t done = 0;;) {
        await(orders_->given, done);
        own.run();
        orders_->done.store(++done);
        os::futex_wake_all(orders_->done);
      }
      return 0;
    });
  }
  void run() {
    const std::uint32_t done = orders_->done.load();
    orders_->given.store(done + 1);
    os::futex_wake_all(orders_->given);
    await(orders_->done, done);
  }

 private:
  struct Orders {
    std::atomic<std::uint32_t> given{0}, done{0};
  };
  /// Until the word is no longer `old`.
  void await(const std::atomic<std::uint32_t>& word, std::uint32_t old) {
    while (word.load() == old) {
      os::futex_wait(word, old, os::now() + 1s);
      if (child_.pid() > 0 && child_.poll()) throw os::Error("a benchmark's process ended early");
    }
  }

  os::Mapping memory_;
  Orders* orders_;
  os::Child child_;
};

/// The threads of a benchmark, at most as many as it was made for.
class Team {
 public:
  explicit Team(std::size_t most)
      : memory_(os::Mapping::shared(os::Bytes{most * sizeof(Part)})),
        parts_(reinterpret_cast<Part*>(memory_.data()), most) {
    for (Part& part : parts_) std::construct_at(&part);
  }
  std::span<Part> parts(int threads) const { return parts_.first(static_cast<std::size_t>(threads)); }
  Part& part(std::size_t thread) const { return parts_[thread]; }

  /// A thread, from before the loop until its part of it is done.
  class Member {
   public:
    explicit Member(Team& team) : team_(team) { ++team_.working_; }
    Member(const Member&) = delete;
    Member& operator=(const Member&) = delete;
    ~Member() { leave(); }
    /// Goes on, uncounted, until all have done theirs: the last ones would have the machine to themselves,
    /// with nobody to wait for and nobody to interrupt.
    template <typename Own>
    void keep_company(Own& own) {
      for (leave(); team_.working_.load() > 0;) own.run();
    }

   private:
    void leave() {
      if (std::exchange(works_, false)) --team_.working_;
    }
    Team& team_;
    bool works_ = true;
  };

 private:
  os::Mapping memory_;
  std::span<Part> parts_;
  std::atomic<int> working_{0};
};

/// What all threads did in the first one's part of the loop, and what that cost.
class Together {
 public:
  explicit Together(std::span<Part> parts) : parts_(parts) {}

  void begin() {
    for (const Part& part : parts_) before_.push_back({part.waited_ns.load(), part.user_ns.load()});
    load_.emplace();
    shootdowns_.start();
    calls_ = count();
    began_ = os::now();
  }
  void end() {
    took_ = os::now() - began_;
    calls_ = count() - calls_;
    shootdowns_.stop();
  }
  double calls() const { return static_cast<double>(calls_); }
  double calls_per_thread() const {
    return calls() / os::to_seconds(took_) / static_cast<double>(parts_.size());
  }
  std::optional<double> received() const { return shootdowns_.received(); }
  /// When all have done their parts: who was kept from its own is the last.
  std::string label() const { return load_->label(own_threads()); }

 private:
  std::uint64_t count() const {
    std::uint64_t sum = 0;
    for (const Part& part : parts_) sum += part.calls.load(std::memory_order_relaxed);
    return sum;
  }
  OwnThreads own_threads() const {
    const double passed = os::to_seconds(os::now() - began_);
    OwnThreads own;
    for (std::size_t i = 0; i < parts_.size(); ++i) {
      const os::Nanoseconds waited{parts_[i].waited_ns.load() - before_[i].waited_ns};
      own.waited = std::max(own.waited, os::to_seconds(waited) / passed);
      own.user += os::Nanoseconds{parts_[i].user_ns.load() - before_[i].user_ns};
    }
    return own;
  }

  struct Before {
    std::int64_t waited_ns, user_ns;
  };
  std::span<Part> parts_;
  std::optional<OtherLoad> load_;
  std::vector<Before> before_;
  probe::Shootdowns shootdowns_{probe::Shootdowns::What::received};
  std::uint64_t calls_ = 0;
  os::Nanoseconds began_{}, took_{};
};

/// Calls a second while the others sleep: before they begin, or when they are done.
template <typename Own>
double rate_alone(Own& own) {
  double calls = 0;
  const os::Nanoseconds began = os::now();
  for (; os::now() - began < kAlone; calls += kCalls) own.run();
  return calls / os::to_seconds(os::now() - began);
}

void report(benchmark::State& state, const Together& together, double alone, const std::string& label) {
  state.counters["calls_per_thread"] = together.calls_per_thread();
  state.counters["efficiency"] = together.calls_per_thread() / alone;
  if (const auto received = together.received()) state.counters["ipis_per_op"] = *received / together.calls();
  if (!label.empty()) state.SetLabel(label);
}

template <typename Own>
void scale(benchmark::State& state, Calls calls, const std::vector<int>& cpus, Team& team) {
  const auto thread = static_cast<std::size_t>(state.thread_index());
  const Pinned pinned(cpus[thread % cpus.size()]);
  Team::Member member(team);
  Own own(calls, team.part(thread));
  own.run();                         // its pages are there then
  std::optional<Together> together;  // the first thread's
  double alone = 0;
  if (thread == 0) {
    alone = rate_alone(own);
    together.emplace(team.parts(state.threads()));
  }
  std::string label;
  benchmark::IterationCount left = state.max_iterations;
  for (auto _ : state) {  // begins when all threads are here, and ends when all are done
    if (together && left == state.max_iterations) together->begin();
    own.run();
    if (--left > 0) continue;
    state.PauseTiming();
    if (together) together->end();
    member.keep_company(own);
    if (together) label = together->label();
    state.ResumeTiming();
  }
  state.SetItemsProcessed(state.iterations() * kCalls);
  if (together) report(state, *together, (alone + rate_alone(own)) / 2, label);
}

template <typename Own>
void add(Catalogue& catalogue, const std::string& operation, const char* mode, Calls calls) {
  const int all = static_cast<int>(catalogue.machine().topology.cpus.size());
  catalogue
      .add_one(
          fmt::format("{}/mode:{}", operation, mode),
          [calls, cpus = cpus_of(catalogue.machine().topology, "compact", static_cast<std::size_t>(all - 1)),
           team = std::make_shared<Team>(static_cast<std::size_t>(all))](benchmark::State& state) {
            scale<Own>(state, calls, cpus, *team);
          })
      ->ThreadRange(1, all);
}

const RegisteredBenchmark registration([](Catalogue& catalogue) {
  for (const auto& [operation, calls] : {std::pair<std::string, Calls>{"scale/dontneed", &dontneed},
                                         {"scale/mprotect", &protect},
                                         {"scale/munmap", &map_and_unmap},
                                         {"scale/fault", &first_touch}}) {
    add<OwnThread>(catalogue, operation, "threads", calls);
    add<OwnProcess>(catalogue, operation, "processes", calls);
  }
});

}  // namespace
}  // namespace tlbstorm::benches

// SPDX-License-Identifier: Apache-2.0
// What does fork(2) cost a process with touched pages, and what each write to a page that a child still
// shares? fork takes the right to write from every page and flushes once (kernel/fork.c: dup_mmap ->
// flush_tlb_mm); each write after it copies a page, and flushes its translation (mm/memory.c: wp_page_copy ->
// ptep_clear_flush). The first that is written is the caller's own stack, so a fork comes to two flushes.
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>

#include "benches/benches.hpp"
#include "benches/cost.hpp"
#include "benches/loops.hpp"
#include "benches/pages.hpp"
#include "benches/sharers.hpp"

namespace tlbstorm::benches {
namespace {

/// A child that does nothing but share our pages, by the bare system call: the C library's fork writes to
/// more pages of its own. Killed with the thread that made it, or when destroyed.
class Sleeper {
 public:
  Sleeper() = default;
  Sleeper(const Sleeper&) = delete;
  Sleeper& operator=(const Sleeper&) = delete;
  ~Sleeper() { end(); }

  void begin() {
    pid_ = static_cast<pid_t>(::syscall(SYS_clone, SIGCHLD, nullptr, nullptr, nullptr, nullptr));
    if (pid_ == 0) sleep_for_ever();
    require(pid_ > 0, "fork");
  }
  void end() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    pid_ = 0;
  }

 private:
  [[noreturn]] static void sleep_for_ever() {
    ::syscall(SYS_prctl, PR_SET_PDEATHSIG, SIGKILL);
    for (;;) ::syscall(SYS_pause);
  }
  pid_t pid_ = 0;
};

void fork_it(benchmark::State& state, const Setting& setting) {
  const os::Mapping memory = os::Mapping::anonymous(size_of(setting.pages));
  std::array<Sleeper, 16> children;  // at a time; on the stack, which is written anyway
  Sharers others(setting.cpus);
  Cost cost(state, others, setting.pages);
  std::size_t next = children.size();
  for (auto _ : state) {
    if (next == children.size()) {
      cost.pause();
      for (Sleeper& child : children) child.end();
      touch(memory.bytes());
      cost.resume();
      next = 0;
    }
    children[next++].begin();
    cost.count_operation();
  }
}

void copy_on_write(benchmark::State& state, const Setting& setting) {
  constexpr int kRound = 512;  // pages that are shared at a time
  const os::Mapping memory = os::Mapping::anonymous(Batches::room_for(kRound));
  const Batches batches(memory, kRound, setting.pages);
  Sleeper child;
  Sharers others(setting.cpus);
  Cost cost(state, others, setting.pages);
  by_rounds(
      state, cost, batches.count(),
      [&] {
        child.end();
        touch(batches.all());
        child.begin();
      },
      [&](std::size_t i) { touch(batches[i]); });
}

const Registered registration([](Catalogue& catalogue) {
  catalogue.add("fork/anon", &fork_it);
  catalogue.add("copy_on_write/anon", &copy_on_write);
});

}  // namespace
}  // namespace tlbstorm::benches

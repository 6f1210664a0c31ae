// SPDX-License-Identifier: Apache-2.0
// What does fork(2) cost a process with touched pages, and what each write to a page that a child still
// shares? fork takes the right to write from every page and flushes once (kernel/fork.c: dup_mmap ->
// flush_tlb_mm); each write after it copies a page, and flushes its translation (mm/memory.c: wp_page_copy ->
// ptep_clear_flush). The first that are written are the caller's own: its stack, and what counts.
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "benches/benches.hpp"
#include "benches/cost.hpp"
#include "benches/loops.hpp"
#include "benches/pages.hpp"
#include "benches/sharers.hpp"

namespace tlbstorm::benches {
namespace {

/// A child that does nothing but share our pages; without the C library's handlers of fork, which write to
/// more of them. Killed with the thread that made it, or when destroyed.
class Sleeper {
 public:
  Sleeper() = default;
  Sleeper(const Sleeper&) = delete;
  Sleeper& operator=(const Sleeper&) = delete;
  ~Sleeper() { end(); }

  void begin() {
    pid_ = ::_Fork();
    if (pid_ == 0) sleep_for_ever(parent_);
    require(pid_ > 0, "fork");
  }
  void end() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    pid_ = 0;
  }

 private:
  [[noreturn]] static void sleep_for_ever(pid_t parent) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) ::_exit(0);  // it died before prctl
    for (;;) ::pause();
  }
  pid_t parent_ = ::getpid();
  pid_t pid_ = 0;
};

void fork_it(benchmark::State& state, const Setting& setting) {
  const os::Mapping memory = os::Mapping::anonymous(size_of(setting.pages));
  Sleeper child;
  Sharers others(setting.cpus);
  Cost cost(state, others, setting.pages);
  by_rounds(
      state, cost, 1,
      [&] {
        child.end();
        touch(memory.bytes());
      },
      [&](std::size_t) { child.begin(); });
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

const RegisteredBenchmark registration([](Catalogue& catalogue) {
  catalogue.add("fork/anon", &fork_it);
  catalogue.add("copy_on_write/anon", &copy_on_write);
});

}  // namespace
}  // namespace tlbstorm::benches

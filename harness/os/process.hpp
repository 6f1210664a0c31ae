// SPDX-License-Identifier: Apache-2.0
// Child processes and signals. A child never outlives the process that forked it.
#pragma once

#include <signal.h>
#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <optional>
#include <string>
#include <vector>

#include "harness/os/fd.hpp"
#include "harness/os/units.hpp"

namespace tlbstorm::os {

/// How a child ended.
struct ExitStatus {
  bool signalled = false;
  int code = 0;  ///< the exit code, or the signal's number
  bool clean() const { return !signalled && code == 0; }
  /// "exit code 3", "killed by SIGBUS (bus error)".
  std::string text() const;
};

/// One forked child. Killed (SIGKILL) and reaped by the destructor if it still runs.
class Child {
 public:
  Child() = default;
  Child(Child&& other) noexcept;
  Child& operator=(Child&& other) noexcept;
  ~Child() { kill_and_reap(); }

  /// Forks. The child gets SIGKILL when the forking thread dies, leads a process group of its own when
  /// `own_group` (so that a terminal's Ctrl-C reaches only us), unblocks all signals, runs body() and exits
  /// with the value that it returns. An exception that leaves body() is exit code 70.
  static Child fork(bool own_group, const std::function<int()>& body);

  pid_t pid() const { return pid_; }
  /// A descriptor that is readable once the child has ended.
  const Fd& pidfd() const { return pidfd_; }
  /// The status if it has ended, without waiting.
  std::optional<ExitStatus> poll();
  ExitStatus wait();
  void kill(int signal) const;

 private:
  void kill_and_reap() noexcept;
  pid_t pid_ = -1;
  Fd pidfd_;
  std::optional<ExitStatus> status_;
};

/// How a command of run_shell() ended.
struct CommandEnd {
  ExitStatus status;
  std::optional<int> signal;  ///< one that came to us meanwhile, and ended it
};

/// Runs a command by sh(1), in a session of its own, without a terminal to ask on, and waits for it. A
/// SIGINT, SIGTERM or SIGHUP to us ends it and all that it started. Throws SystemError.
CommandEnd run_shell(const std::string& command);

/// Whether a process is there and will go on: not one that has ended, or that a SIGKILL is about to end.
bool lives(pid_t pid);

/// When a process began, in clock ticks after the boot: with its pid that tells it from all others of the
/// same boot. proc_pid_stat(5), field 22. Nothing when it is not there.
std::optional<std::uint64_t> start_ticks(pid_t pid);

/// Whether a process is this one's parent, or the parent of that, and so on.
bool is_ancestor(pid_t pid);

/// The name that the processes of trials give themselves, and so all that they start: "tlbstorm1234" with the
/// pid of the tool, which forks them. By it the kernel's tracepoints and OOM reports tell it from the
/// processes of another run. It fits into what the kernel keeps of a name (TASK_COMM_LEN), as pids have seven
/// digits at most.
std::string trial_name(pid_t pid);
/// Names the calling thread; threads and processes that it starts get the name, too.
void name_thread(const std::string& name);

/// A child waits at it until its parent has made ready.
class StartingGate {
 public:
  StartingGate();
  void open() const;
  void wait() const;

 private:
  Fd event_;
};

/// Lets this process have as many open files as the system grants it at most: counters need several a CPU.
void raise_open_files_limit();

/// Lets a thread of this process run on these CPUs only, or the calling one. Throws SystemError.
void run_on(const std::vector<int>& cpus, pid_t thread = 0);
inline void pin_to_cpu(int cpu) { run_on({cpu}); }

/// Blocks signals for the process's threads and reads them as events; restores the mask when destroyed.
class SignalFd {
 public:
  SignalFd(std::initializer_list<int> signals);
  SignalFd(const SignalFd&) = delete;
  SignalFd& operator=(const SignalFd&) = delete;
  ~SignalFd();
  const Fd& fd() const { return fd_; }
  /// Whether take() would give one.
  bool pending() const;
  /// The next pending signal's number, or nothing.
  std::optional<int> take();

 private:
  sigset_t before_;
  Fd fd_;
};

}  // namespace tlbstorm::os

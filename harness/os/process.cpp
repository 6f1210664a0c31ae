// SPDX-License-Identifier: Apache-2.0
#include "harness/os/process.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <poll.h>
#include <sched.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <utility>

#include "harness/os/error.hpp"
#include "harness/os/text.hpp"

namespace tlbstorm::os {
namespace {

constexpr int kExitException = 70;  // sysexits.h: EX_SOFTWARE

ExitStatus decode(int status) {
  if (WIFSIGNALED(status)) return {.signalled = true, .code = WTERMSIG(status)};
  return {.signalled = false, .code = WEXITSTATUS(status)};
}

[[noreturn]] void run_child(pid_t parent, bool own_group, const std::function<int()>& body) {
  if (own_group) ::setpgid(0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(kExitException);  // it died before prctl
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  int code = kExitException;
  try {
    code = body();
  } catch (...) {  // body reports its own errors; nothing may unwind into the parent's stack frames
  }
  ::_exit(code);
}

}  // namespace

std::string trial_name(pid_t pid) { return fmt::format("tlbstorm{}", pid); }

void name_thread(const std::string& name) { ::prctl(PR_SET_NAME, name.c_str()); }

std::string ExitStatus::text() const {
  if (!signalled) return fmt::format("exit code {}", code);
  const char* const name = ::sigabbrev_np(code);
  const char* const meaning = ::sigdescr_np(code);
  return fmt::format("killed by SIG{} ({})", name ? name : fmt::format("{}", code), meaning ? meaning : "?");
}

Child::Child(Child&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)), pidfd_(std::move(other.pidfd_)), status_(other.status_) {}

Child& Child::operator=(Child&& other) noexcept {
  if (this != &other) {
    kill_and_reap();
    pid_ = std::exchange(other.pid_, -1);
    pidfd_ = std::move(other.pidfd_);
    status_ = other.status_;
  }
  return *this;
}

Child Child::fork(bool own_group, const std::function<int()>& body) {
  const pid_t parent = ::getpid();
  Child child;
  child.pid_ = ::fork();
  if (child.pid_ < 0) throw SystemError("fork", "a trial process", errno);
  if (child.pid_ == 0) run_child(parent, own_group, body);
  child.pidfd_ = Fd(static_cast<int>(::syscall(SYS_pidfd_open, child.pid_, 0)));
  if (!child.pidfd_) throw SystemError("pidfd_open", fmt::format("{}", child.pid_), errno);
  return child;
}

std::optional<ExitStatus> Child::poll() {
  if (status_ || pid_ < 0) return status_;
  int status = 0;
  if (::waitpid(pid_, &status, WNOHANG) == pid_) status_ = decode(status);
  return status_;
}

ExitStatus Child::wait() {
  int status = 0;
  while (!status_) {
    if (::waitpid(pid_, &status, 0) == pid_) {
      status_ = decode(status);
    } else if (errno != EINTR) {
      throw SystemError("waitpid", fmt::format("{}", pid_), errno);
    }
  }
  return *status_;
}

void Child::kill(int signal) const {
  if (pid_ > 0 && !status_) ::kill(pid_, signal);
}

void Child::kill_and_reap() noexcept {
  if (pid_ <= 0 || status_) return;
  ::kill(pid_, SIGKILL);
  int status = 0;
  while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  pid_ = -1;
}

namespace {

/// The text of a file of /proc about a process; empty when the process is gone.
std::string facts_of(pid_t pid, const char* file) {
  return try_read_text(fmt::format("/proc/{}/{}", pid, file)).value_or("");
}

bool has_sigkill(std::string_view status, std::string_view key) {
  const std::string_view mask = find_value(status, key, ':').value_or("");
  std::uint64_t signals = 0;
  std::from_chars(mask.data(), mask.data() + mask.size(), signals, 16);
  return (signals >> (SIGKILL - 1) & 1) != 0;
}

}  // namespace

CommandEnd run_shell(const std::string& command) {
  SignalFd signals{SIGINT, SIGTERM, SIGHUP};
  Child shell = Child::fork(false, [&] {
    ::setsid();
    const Fd nothing(::open("/dev/null", O_RDONLY));
    ::dup2(nothing.get(), STDIN_FILENO);
    ::execl("/bin/sh", "sh", "-c", command.c_str(), nullptr);
    return 127;  // as a shell says that there is no such command
  });
  std::array<pollfd, 2> events{{{shell.pidfd().get(), POLLIN, 0}, {signals.fd().get(), POLLIN, 0}}};
  while (!shell.poll()) {
    ::poll(events.data(), events.size(), -1);
    const auto signal = signals.take();
    if (!signal) continue;
    ::kill(-shell.pid(), SIGTERM);
    pollfd ended{shell.pidfd().get(), POLLIN, 0};
    constexpr int kGraceMs = 2000;
    ::poll(&ended, 1, kGraceMs);
    ::kill(-shell.pid(), SIGKILL);  // what it started, and itself if it does not listen
    return {shell.wait(), signal};
  }
  return {shell.wait(), std::nullopt};
}

bool lives(pid_t pid) {
  const std::string status = facts_of(pid, "status");
  const std::string_view state = find_value(status, "State", ':').value_or("X");
  return !state.starts_with('X') && !state.starts_with('Z') && !has_sigkill(status, "SigPnd") &&
         !has_sigkill(status, "ShdPnd");
}

std::optional<std::uint64_t> start_ticks(pid_t pid) {
  const std::string text = facts_of(pid, "stat");
  const std::size_t name_end = text.rfind(')');
  if (name_end == std::string::npos) return std::nullopt;
  std::string_view rest = std::string_view(text).substr(name_end + 1);
  for (int field = 3; field < 22; ++field) take_field(rest);
  return to_number(take_field(rest));
}

bool is_ancestor(pid_t pid) {
  for (pid_t at = ::getpid(); at > 0;) {
    const std::string status = facts_of(at, "status");
    at = static_cast<pid_t>(to_number(find_value(status, "PPid", ':').value_or("")).value_or(0));
    if (at == pid) return true;
  }
  return false;
}

StartingGate::StartingGate() : event_(::eventfd(0, EFD_CLOEXEC)) {
  if (!event_) throw SystemError("eventfd", "a gate", errno);
}

void StartingGate::open() const {
  const std::uint64_t one = 1;
  if (::write(event_.get(), &one, sizeof one) != sizeof one) throw SystemError("write", "a gate", errno);
}

void StartingGate::wait() const {
  std::uint64_t count = 0;
  while (::read(event_.get(), &count, sizeof count) < 0 && errno == EINTR) {
  }
}

void raise_open_files_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);  // if it fails, what needs more says so
}

void run_on(const std::vector<int>& cpus, pid_t thread) {
  const auto most = static_cast<std::size_t>(*std::max_element(cpus.begin(), cpus.end())) + 1;
  cpu_set_t* const set = CPU_ALLOC(most);
  const std::size_t size = CPU_ALLOC_SIZE(most);
  CPU_ZERO_S(size, set);
  for (const int cpu : cpus) CPU_SET_S(static_cast<std::size_t>(cpu), size, set);
  const int failed = ::sched_setaffinity(thread, size, set) != 0 ? errno : 0;
  CPU_FREE(set);
  if (failed)
    throw SystemError("run on CPU", fmt::format("{}", fmt::join(cpus, ",")), failed,
                      "it is offline, or not in the cpuset of this process any more");
}

SignalFd::SignalFd(std::initializer_list<int> signals) {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : signals) sigaddset(&set, signal);
  ::sigprocmask(SIG_BLOCK, &set, &before_);
  fd_ = Fd(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!fd_) throw SystemError("signalfd", "", errno);
}

SignalFd::~SignalFd() { ::sigprocmask(SIG_SETMASK, &before_, nullptr); }

bool SignalFd::pending() const {
  pollfd event{fd_.get(), POLLIN, 0};
  return ::poll(&event, 1, 0) > 0;
}

std::optional<int> SignalFd::take() {
  signalfd_siginfo info{};
  if (::read(fd_.get(), &info, sizeof info) != sizeof info) return std::nullopt;
  return static_cast<int>(info.ssi_signo);
}

}  // namespace tlbstorm::os

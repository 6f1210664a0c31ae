// SPDX-License-Identifier: Apache-2.0
#include "harness/cli/console.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <iostream>

#include "harness/os/error.hpp"
#include "harness/os/printable.hpp"

namespace tlbstorm::cli {
namespace {

/// Standard error leads nowhere from now on, for us and for what we fork.
void give_up() {
  const int nowhere = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
  if (nowhere < 0) return;
  ::dup2(nowhere, STDERR_FILENO);
  ::close(nowhere);
}

/// A file system may tell only now that it has no room (NFS).
int close_error(int fd) {
  const int copy = ::fcntl(fd, F_DUPFD_CLOEXEC, 0);
  return copy < 0 || ::close(copy) != 0 ? errno : 0;
}

}  // namespace

void take_standard_streams() {
  // A new descriptor has the lowest number that is free: in this order each lands where it is missing.
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
    if (::fcntl(fd, F_GETFD) < 0) ::open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
  // Handlers, as programs that we start would inherit SIG_IGN.
  struct sigaction nothing {};
  nothing.sa_handler = [](int) {};
  nothing.sa_flags = SA_RESTART;
  for (const int signal : {SIGPIPE, SIGXFSZ}) ::sigaction(signal, &nothing, nullptr);
}

namespace {

void write_error(std::string_view text) noexcept {
  while (!text.empty()) {
    const ssize_t put = ::write(STDERR_FILENO, text.data(), text.size());
    if (put < 0 && errno == EINTR) continue;
    if (put < 0 && errno == EAGAIN) return;
    if (put < 0) return give_up();
    text.remove_prefix(static_cast<std::size_t>(put));
  }
}

}  // namespace

void say(std::string_view text) noexcept {
  try {
    write_error(os::shown(text));
  } catch (...) {  // no memory for a message: go on without it
  }
}

void show(std::string_view text) noexcept {
  pollfd stream{STDERR_FILENO, POLLOUT, 0};
  if (::poll(&stream, 1, 0) > 0) say(text);
}

bool may_paint(int stream) {
  const char* const forbidden = std::getenv("NO_COLOR");
  return ::isatty(stream) != 0 && (forbidden == nullptr || *forbidden == '\0');
}

std::optional<std::string> why_not_written() {
  int error = std::fflush(stdout) != 0 ? errno : 0;  // the buffer of std::cout, too
  const bool lost = error != 0 || std::ferror(stdout) != 0 || !std::cout;
  // The reason of an earlier failure is forgotten by now; what is broken already takes one more line end.
  if (lost && error == 0 && ::write(STDOUT_FILENO, "\n", 1) < 0) error = errno;
  if (!lost) error = close_error(STDOUT_FILENO);
  if (error == EPIPE) return "";
  if (error != 0) return os::errno_text(error);
  return lost ? std::optional<std::string>("a part of it is lost") : std::nullopt;
}

}  // namespace tlbstorm::cli

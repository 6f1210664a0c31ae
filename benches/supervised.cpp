// SPDX-License-Identifier: Apache-2.0
#include "benches/supervised.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <signal.h>

#include <algorithm>
#include <array>

#include "harness/cli/command.hpp"
#include "harness/cli/console.hpp"
#include "harness/cli/leftovers.hpp"
#include "harness/os/process.hpp"

namespace tlbstorm::benches {
namespace {

/// Until the child has ended or a signal asks us to.
os::ExitStatus wait_for(os::Child& child, os::SignalFd& signals) {
  std::array<pollfd, 2> events{{{child.pidfd().get(), POLLIN, 0}, {signals.fd().get(), POLLIN, 0}}};
  for (;;) {
    ::poll(events.data(), events.size(), -1);
    if (const auto status = child.poll()) return *status;
    if (const auto signal = signals.take()) {
      child.kill(SIGKILL);
      child.wait();
      return {.signalled = true, .code = *signal};
    }
  }
}

}  // namespace

int supervised(const std::function<int()>& body) {
  os::SignalFd signals({SIGINT, SIGTERM, SIGHUP});
  cli::restore_leftovers();
  os::Child child = os::Child::fork(true, body);
  const pid_t group = child.pid();
  const os::ExitStatus status = wait_for(child, signals);
  ::kill(-group, SIGKILL);  // no process of another's can be in it before its last member has gone
  if (status.signalled) cli::say("tlbstorm-bench: {}\n", status.text());
  const int code = status.signalled ? cli::kSignal + status.code : status.code;
  return cli::restore_leftovers() ? code : std::max(code, cli::kFailed);
}

}  // namespace tlbstorm::benches

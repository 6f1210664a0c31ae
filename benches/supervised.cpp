// SPDX-License-Identifier: Apache-2.0
#include "benches/supervised.hpp"

#include <fmt/format.h>
#include <poll.h>

#include <array>
#include <cstdio>

#include "harness/os/journal.hpp"
#include "harness/os/process.hpp"

namespace tlbstorm::benches {
namespace {

constexpr int kSignal = 128;  // plus the signal's number, as shells have it

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
  os::Child child = os::Child::fork(true, body);
  const os::ExitStatus status = wait_for(child, signals);
  if (!status.signalled) return status.code;
  fmt::print(stderr, "tlbstorm-bench: {}\n", status.text());
  for (const std::string& problem : os::restore().problems)
    fmt::print(stderr, "tlbstorm-bench: {}\n", problem);
  return kSignal + status.code;
}

}  // namespace tlbstorm::benches

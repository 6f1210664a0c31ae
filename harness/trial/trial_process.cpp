// SPDX-License-Identifier: Apache-2.0
#include "harness/trial/trial_process.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <thread>
#include <vector>

#include "harness/os/process.hpp"
#include "harness/trial/bystander.hpp"
#include "harness/trial/worker.hpp"

namespace tlbstorm::trial {
namespace {

std::string told(const os::Error& error) {
  return error.hint().empty() ? error.what() : fmt::format("{} ({})", error.what(), error.hint());
}

/// Runs `body`; an exception becomes the trial's failure and ends it for all workers.
int guarded(Scoreboard& scoreboard, const std::function<int()>& body) {
  int code = kExitFailed;
  try {
    return body();
  } catch (const Stopped&) {
    return 0;
  } catch (const os::SystemError& error) {
    scoreboard.failure().set(told(error));
    if (error.code() == ENOMEM || error.code() == EAGAIN) code = kExitNoMemory;
  } catch (const os::Error& error) {
    scoreboard.failure().set(told(error));
  } catch (const std::exception& error) {
    scoreboard.failure().set(error.what());
  }
  scoreboard.stop();
  return code;
}

/// All that a worker is made of.
struct Trial {
  const Plan& plan;
  Pacing pacing;
  const Confinement& fence;
  Scoreboard& scoreboard;
  Workload& workload;
};

int run_worker(const Trial& trial, int index) {
  return guarded(trial.scoreboard, [&] {
    trial.plan.mempolicy.apply();
    Worker worker(trial.scoreboard, trial.plan, index, &trial.fence);
    worker.pin(trial.plan.cpus[static_cast<std::size_t>(index)]);
    if (trial.pacing == Pacing::timed) trial.workload.set_up(worker);
    worker.report_ready();
    if (trial.pacing == Pacing::timed) worker.wait_for_first_phase();  // rounds meet at barriers of their own
    trial.workload.work(worker);
    return 0;
  });
}

std::vector<std::jthread> start_bystanders(const Plan& plan, Scoreboard& scoreboard) {
  std::vector<std::jthread> threads;
  for (int i = 0; i < plan.bystanders; ++i)
    threads.emplace_back([&, i] {
      guarded(scoreboard, [&] {
        run_bystander(scoreboard, plan, i);
        return 0;
      });
    });
  return threads;
}

int run_threads(const Trial& trial) {
  const std::vector<std::jthread> bystanders = start_bystanders(trial.plan, trial.scoreboard);
  std::atomic<int> worst{0};
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < trial.plan.workers; ++i)
      threads.emplace_back([&, i] {
        if (const int code = run_worker(trial, i); code != 0) worst = code;
      });
  }
  trial.scoreboard.end_workers();
  return worst;
}

/// Ends as its worst worker did: killed by the same signal, so that the parent sees what happened.
int end_as(const os::ExitStatus& worst) {
  if (worst.signalled) {
    ::signal(worst.code, SIG_DFL);
    ::raise(worst.code);
  }
  return worst.code;
}

/// Waits until one of them has ended, whichever it is.
os::ExitStatus take_ended(std::vector<os::Child>& children) {
  std::vector<pollfd> ends;
  for (const os::Child& child : children) ends.push_back({child.pidfd().get(), POLLIN, 0});
  while (::poll(ends.data(), ends.size(), -1) < 0 && errno == EINTR) {
  }
  const auto ended =
      std::find_if(ends.begin(), ends.end(), [](const pollfd& end) { return end.revents != 0; });
  const auto child = children.begin() + (ended - ends.begin());
  const os::ExitStatus status = child->wait();
  children.erase(child);
  return status;
}

int run_processes(const Trial& trial) {
  std::vector<os::Child> children;
  for (int i = 0; i < trial.plan.workers; ++i)
    children.push_back(os::Child::fork(false, [&, i] { return run_worker(trial, i); }));
  const std::vector<std::jthread> bystanders = start_bystanders(trial.plan, trial.scoreboard);
  os::ExitStatus worst;
  while (!children.empty()) {
    const os::ExitStatus status = take_ended(children);
    if (status.clean()) continue;
    trial.scoreboard.stop();  // the others must not wait for it at a barrier
    if (worst.clean() || status.signalled) worst = status;
  }
  trial.scoreboard.end_workers();
  return end_as(worst);
}

}  // namespace

int run_trial_process(const Plan& plan, const Definition& definition, const Confinement& confinement,
                      Scoreboard& scoreboard) {
  return guarded(scoreboard, [&] {
    os::name_thread(os::trial_name(::getpid()));
    // The kernel's choice of a victim, should memory run out, is us.
    os::write_text("/proc/self/oom_score_adj", "1000");
    confinement.join();
    plan.mempolicy.apply();
    const std::unique_ptr<Workload> workload = definition.make(plan);
    workload->prepare();
    const Trial trial{plan, definition.pacing, confinement, scoreboard, *workload};
    return plan.mode == Mode::threads ? run_threads(trial) : run_processes(trial);
  });
}

}  // namespace tlbstorm::trial

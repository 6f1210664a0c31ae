// SPDX-License-Identifier: Apache-2.0
#include "harness/trial/trial_process.hpp"

#include <fmt/format.h>
#include <signal.h>

#include <thread>
#include <vector>

#include "harness/os/process.hpp"
#include "harness/trial/worker.hpp"

namespace tlbstorm::trial {
namespace {

constexpr int kFailed = 1;

/// Runs `body`; an exception becomes the trial's failure and ends it for all workers.
int guarded(Scoreboard& scoreboard, const std::function<void()>& body) {
  try {
    body();
    return 0;
  } catch (const Stopped&) {
    return 0;
  } catch (const os::Error& error) {
    scoreboard.failure().set(error.hint().empty() ? error.what()
                                                  : fmt::format("{} ({})", error.what(), error.hint()));
  } catch (const std::exception& error) {
    scoreboard.failure().set(error.what());
  }
  scoreboard.stop();
  return kFailed;
}

int run_worker(const Plan& plan, Pacing pacing, Scoreboard& scoreboard, Workload& workload, int index) {
  return guarded(scoreboard, [&] {
    plan.mempolicy.apply();
    Worker worker(scoreboard, plan, index);
    worker.start(plan.cpus[static_cast<std::size_t>(index)]);
    if (pacing == Pacing::timed) worker.wait_for_first_phase();  // rounds meet at barriers of their own
    workload.work(worker);
  });
}

int run_threads(const Plan& plan, Pacing pacing, Scoreboard& scoreboard, Workload& workload) {
  std::atomic<int> failed{0};
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < plan.workers; ++i)
      threads.emplace_back([&, i] { failed |= run_worker(plan, pacing, scoreboard, workload, i); });
  }
  return failed;
}

/// Ends as its worst worker did: killed by the same signal, so that the parent sees what happened.
int end_as(const os::ExitStatus& worst) {
  if (worst.signalled) {
    ::signal(worst.code, SIG_DFL);
    ::raise(worst.code);
  }
  return worst.code;
}

int run_processes(const Plan& plan, Pacing pacing, Scoreboard& scoreboard, Workload& workload) {
  std::vector<os::Child> children;
  for (int i = 0; i < plan.workers; ++i)
    children.push_back(
        os::Child::fork(false, [&, i] { return run_worker(plan, pacing, scoreboard, workload, i); }));
  os::ExitStatus worst;
  for (os::Child& child : children) {
    const os::ExitStatus status = child.wait();
    if (status.clean()) continue;
    scoreboard.stop();  // the others must not wait for it at a barrier
    if (worst.clean() || status.signalled) worst = status;
  }
  return end_as(worst);
}

}  // namespace

int run_trial_process(const Plan& plan, const Definition& definition, const Confinement& confinement,
                      Scoreboard& scoreboard) {
  return guarded(scoreboard, [&] {
    // The kernel's choice of a victim, should memory run out, is us.
    os::write_text("/proc/self/oom_score_adj", "1000");
    confinement.join();
    plan.mempolicy.apply();
    const std::unique_ptr<Workload> workload = definition.make(plan);
    workload->prepare();
    const int code = plan.mode == Mode::threads
                         ? run_threads(plan, definition.pacing, scoreboard, *workload)
                         : run_processes(plan, definition.pacing, scoreboard, *workload);
    if (code != 0) throw os::Error(fmt::format("a worker ended with exit code {}", code));
  });
}

}  // namespace tlbstorm::trial

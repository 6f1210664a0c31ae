// SPDX-License-Identifier: Apache-2.0
#include "harness/trial/trial_process.hpp"

#include <fmt/format.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <thread>
#include <vector>

#include "harness/os/privileges.hpp"
#include "harness/os/process.hpp"
#include "harness/trial/bystander.hpp"
#include "harness/trial/worker.hpp"

namespace tlbstorm::trial {
namespace {

std::string told(const os::Error& error) {
  return error.hint().empty() ? error.what() : fmt::format("{} ({})", error.what(), error.hint());
}

/// Ends the trial for all workers. The reason comes first: who sees the stop asks for it.
void end_trial(Scoreboard& scoreboard, const std::string& why, int code) {
  scoreboard.fail(why, code);
  scoreboard.stop();
}

/// Runs `body`; an exception becomes the trial's failure and ends it for all workers.
int guarded(Scoreboard& scoreboard, const std::function<int()>& body) {
  int code = kExitFailed;
  std::string why;
  try {
    return body();
  } catch (const Stopped&) {
    return 0;
  } catch (const os::SystemError& error) {
    why = told(error);
    if (error.code() == ENOMEM || error.code() == EAGAIN) code = kExitNoMemory;
  } catch (const os::Error& error) {
    why = told(error);
  } catch (const std::exception& error) {
    why = error.what();
  }
  end_trial(scoreboard, why, code);
  return code;
}

/// Makes one of those that work for the trial. When that can't be, the others are told at once: they must not
/// wait for it, and they are waited for when this throws.
template <typename Make>
void make(Scoreboard& scoreboard, const std::string& what, const Make& make_one) {
  std::string why;
  try {
    return make_one();
  } catch (const std::system_error& error) {  // a thread
    why = error.code().message();
  } catch (const os::SystemError& error) {  // a process
    why = os::errno_text(error.code());
  } catch (const std::exception& error) {
    why = error.what();
  }
  const os::Error error(fmt::format("{} could not be made: {}", what, why),
                        "use fewer --workers, or raise what limits their number: pids.max of the cgroup, "
                        "ulimit -u, ulimit -n, ulimit -v");
  end_trial(scoreboard, told(error), kExitFailed);
  throw error;
}

/// All that a worker is made of.
struct Trial {
  const Plan& plan;
  Pacing pacing;
  const Confinement& fence;
  const os::Folder* folder;
  Scoreboard& scoreboard;
  Workload& workload;
};

int run_worker(const Trial& trial, int index) {
  return guarded(trial.scoreboard, [&] {
    trial.plan.policy.apply();
    Worker worker(trial.scoreboard, trial.plan, index, &trial.fence, trial.folder);
    worker.pin(trial.plan.cpus[static_cast<std::size_t>(index)]);
    if (trial.pacing == Pacing::timed) trial.workload.set_up(worker);
    worker.report_ready();
    if (trial.pacing == Pacing::timed) worker.wait_for_first_phase();  // rounds meet at barriers of their own
    trial.workload.work(worker);
    worker.leave();
    return 0;
  });
}

std::vector<std::jthread> start_bystanders(const Plan& plan, Scoreboard& scoreboard) {
  std::vector<std::jthread> threads;
  for (int i = 0; i < plan.bystanders; ++i)
    make(scoreboard, "a bystander thread", [&] {
      threads.emplace_back([&, i] {
        guarded(scoreboard, [&] {
          run_bystander(scoreboard, plan, i);
          return 0;
        });
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
      make(trial.scoreboard, "a worker thread", [&] {
        threads.emplace_back([&, i] {
          if (const int code = run_worker(trial, i); code != 0) worst = code;
        });
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
  siginfo_t ended{};
  while (::waitid(P_ALL, 0, &ended, WEXITED | WNOWAIT) != 0)
    if (errno != EINTR) throw os::SystemError("wait for", "the workers", errno);
  const auto child = std::find_if(children.begin(), children.end(),
                                  [&](const os::Child& each) { return each.pid() == ended.si_pid; });
  if (child == children.end())
    throw os::Error(fmt::format("a process that is no worker has ended: {}", ended.si_pid));
  const os::ExitStatus status = child->wait();
  children.erase(child);
  return status;
}

int run_processes(const Trial& trial) {
  std::vector<os::Child> children;
  for (int i = 0; i < trial.plan.workers; ++i)
    make(trial.scoreboard, "a worker process",
         [&] { children.push_back(os::Child::fork(false, [&, i] { return run_worker(trial, i); })); });
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

/// What goes wrong in a workload can then harm nothing but the trial: it holds no counter, no journal, and no
/// right of root's but those of its own.
void give_up_what_is_not_needed(const Plan& plan, const os::Folder* folder) {
  std::vector<int> kept;
  if (folder != nullptr) kept.push_back(folder->fd().get());
  os::close_files_but(kept);
  os::keep_only_capabilities(plan.capabilities);
}

}  // namespace

int run_trial_process(const Plan& plan, const Definition& definition, const Confinement& confinement,
                      const os::Folder* folder, Scoreboard& scoreboard) {
  return guarded(scoreboard, [&] {
    os::name_thread(os::trial_name(::getppid()));
    // The kernel's choice of a victim, should memory run out, is us.
    os::write_text("/proc/self/oom_score_adj", "1000");
    confinement.join();
    give_up_what_is_not_needed(plan, folder);
    plan.policy.apply();
    const std::unique_ptr<Workload> workload = definition.make(plan);
    workload->prepare();
    const Trial trial{plan, definition.pacing, confinement, folder, scoreboard, *workload};
    return plan.mode == Mode::threads ? run_threads(trial) : run_processes(trial);
  });
}

}  // namespace tlbstorm::trial

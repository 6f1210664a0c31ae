// SPDX-License-Identifier: Apache-2.0
#include "harness/trial/runner.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "harness/os/clock.hpp"
#include "harness/os/text.hpp"
#include "harness/trial/aside.hpp"
#include "harness/trial/collection.hpp"
#include "harness/trial/planner.hpp"
#include "harness/trial/post_mortem.hpp"
#include "harness/trial/trial_process.hpp"

namespace tlbstorm::trial {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr os::Nanoseconds kGlance = milliseconds{500};  // how often samples are handed over
constexpr os::Nanoseconds kReadyGlance = milliseconds{1};
constexpr os::Nanoseconds kGrace = seconds{5};  // for a stopped trial to end by itself

std::uint64_t machine_oom_kills() {
  const std::string text = os::try_read_text("/proc/vmstat").value_or("");
  return os::to_number(os::find_value(text, "oom_kill").value_or("")).value_or(0);
}

/// `failure` is the code with which a trial that gave up by itself would have ended, or 0: some have to be
/// killed after that.
Outcome outcome_of(const os::ExitStatus& status, int failure, bool oom) {
  if (status.signalled && status.code == SIGBUS) return Outcome::io_error;
  if (status.signalled && status.code == SIGKILL && oom && failure == 0) return Outcome::oom;
  const bool by_itself = !status.signalled && !status.clean();
  return (by_itself ? status.code : failure) == kExitNoMemory ? Outcome::enomem : Outcome::failed;
}

}  // namespace

/// Everything that lives for one trial; destroyed in the reverse order.
struct Runner::Running {
  int trial;
  TrialKind kind;
  const Plan& plan;
  Scoreboard scoreboard;
  Confinement confinement;
  os::StartingGate gate;  ///< opened when the probes that watch the child are there
  os::Child child;        ///< the trial process
  std::vector<std::string> notes;
  ProbeSet& probes;  ///< the run's
  std::uint64_t oom_before;
  PostMortem post_mortem;
  Sampler sampler;
  OtherLoadMeter others;
  os::Nanoseconds give_up{};
  bool ended = false;  ///< by the child, a signal or the clock: no further phase
  Outcome outcome = Outcome::ok;
  std::string reason;
  bool killed = false;  ///< by a signal
  std::vector<os::OomReport> oom_reports;

  Running(const Plan& of_trial, const Definition& definition, const std::vector<int>& online_cpus,
          Confinement fence, const os::Folder* folder, int number, TrialKind what,
          std::optional<ProbeSet>& of_run)
      : trial(number),
        kind(what),
        plan(of_trial),
        scoreboard(plan.workers, plan.bystanders, number),
        confinement(std::move(fence)),
        child(os::Child::fork(true,
                              [&] {
                                gate.wait();
                                return run_trial_process(plan, definition, confinement, folder, scoreboard);
                              })),
        notes(begin(of_run, definition, target(online_cpus))),
        probes(*of_run),
        oom_before(machine_oom_kills()),
        post_mortem(probes.columns()),
        sampler(probes, scoreboard, plan.interval, number) {}

  std::vector<std::string> begin(std::optional<ProbeSet>& of_run, const Definition& definition,
                                 const probe::Target& target) const {
    const std::string when = fmt::format("before trial {}", trial);
    if (of_run) return of_run->begin_trial(kind, target, when);
    return of_run.emplace(plan, definition, target).changes(when);
  }
  probe::Target target(const std::vector<int>& online_cpus) const {
    return {.proc = "/proc",
            .cgroup_version = confinement.version(),
            .cgroup = confinement.folder(),
            .online_cpus = online_cpus,
            .run = ::getpid(),
            .trial = child.pid(),
            .events = plan.events};
  }
};

Runner::Runner(const Plan& plan, const Definition& definition, const machine::Machine& machine,
               os::Journal& journal, os::SignalFd& signals, Observer& observer, const os::Folder* folder,
               Ballast* ballast)
    : plan_(plan),
      explaining_plan_(explaining_plan(plan)),
      definition_(definition),
      machine_(machine),
      journal_(journal),
      signals_(signals),
      observer_(observer),
      folder_(folder),
      ballast_(ballast) {}

TrialResult Runner::run(int trial, TrialKind kind) {
  const Plan& plan = plan_of(kind);
  Confinement fence;
  if (!machine_.cgroup.parent.empty())
    fence = Confinement(journal_, machine_.cgroup, os::own_name(), plan_.memory);
  Running running(plan, definition_, machine_.topology.online, std::move(fence), folder_, trial, kind,
                  probes_);
  const Aside aside(watching_cpus());  // who samples as well: a thread starts where its maker is
  observer_.begin_trial(trial, kind, running.probes.columns());
  running.sampler.start();
  if (definition_.pacing == Pacing::rounds) {
    running.others.look_before();
    running.others.begin(pids_of(running));
  }
  running.gate.open();
  running.give_up = os::now() + plan.timeout + plan.warmup + plan.duration.value_or(os::Nanoseconds{0});
  wait_for_workers(running);
  run_phases(running);
  wait_for_end(running);
  return collect(running);
}

/// Where all CPUs have work, rounds are watched from the leader's: it sleeps while an edge is taken, when the
/// others are still there to be interrupted.
std::vector<int> Runner::watching_cpus() const {
  if (!plan_.watching_cpus.empty() || definition_.pacing == Pacing::timed) return plan_.watching_cpus;
  return {plan_.cpus.front()};
}

void Runner::hand_over(Running& running, const Sample& sample) {
  running.post_mortem.sample(sample);
  observer_.sample(sample);
}

void Runner::hand_over_samples(Running& running) {
  running.sampler.drain([&](const Sample& sample) { hand_over(running, sample); });
  observer_.handed_over();
}

void Runner::enter(Running& running, Stage stage) {
  running.sampler.enter(stage, [&](const Sample& sample) { hand_over(running, sample); });
}

bool Runner::watch(Running& running, os::Nanoseconds until) {
  while (!running.ended) {
    hand_over_samples(running);
    if (ballast_ != nullptr)
      if (const std::string fate = ballast_->fate(); !fate.empty()) running.scoreboard.invalidate(fate);
    // A trial that stopped itself has failed, and is not waited for until the clock runs out.
    if (running.child.poll() || running.scoreboard.stopped()) {
      running.ended = true;
      break;
    }
    const os::Nanoseconds now = os::now();  // handing over may have taken long
    if (now >= running.give_up) {
      stop(running, Outcome::timeout,
           fmt::format("still in phase {} after {}; --timeout {} allows no more",
                       name(running.scoreboard.stage().phase),
                       os::format_duration(running.plan.timeout + running.plan.warmup +
                                           running.plan.duration.value_or(os::Nanoseconds{0})),
                       os::format_duration(running.plan.timeout)));
      break;
    }
    if (now >= until) return true;
    const os::Nanoseconds nap = std::min({until - now, running.give_up - now, kGlance});
    std::array<pollfd, 2> events{
        {{running.child.pidfd().get(), POLLIN, 0}, {signals_.fd().get(), POLLIN, 0}}};
    const timespec timeout = os::to_timespec(nap);
    ::ppoll(events.data(), events.size(), &timeout, nullptr);
    if (const auto signal = signals_.take()) {
      signal_ = signal;
      stop(running, Outcome::interrupted, fmt::format("interrupted by SIG{}", ::sigabbrev_np(*signal)));
    }
  }
  return false;
}

void Runner::wait_for_workers(Running& running) {
  const auto all = static_cast<std::uint32_t>(running.plan.workers + running.plan.bystanders);
  while (running.scoreboard.ready().load(std::memory_order_acquire) < all)
    if (!watch(running, os::now() + kReadyGlance)) return;
}

void Runner::run_phases(Running& running) {
  if (running.ended) return;
  if (definition_.pacing == Pacing::rounds) return;  // the workers' leader changes the stages
  if (running.plan.warmup > os::Nanoseconds{0}) {
    enter(running, {Phase::warmup, 0});
    if (!watch(running, os::now() + running.plan.warmup)) return;
  }
  running.others.look_before();
  enter(running, {Phase::measure, 0});
  running.others.begin(pids_of(running));
  if (!watch(running, os::now() + *running.plan.duration)) return;
  enter(running, {Phase::verify, 0});
  running.others.end(pids_of(running));
  running.others.look_after();
}

void Runner::stop(Running& running, Outcome outcome, std::string reason) {
  running.ended = true;
  running.outcome = outcome;
  running.reason = std::move(reason);
  running.scoreboard.stop();
}

void Runner::wait_for_end(Running& running) {
  while (watch(running, os::now() + kGlance)) {
  }
  // Workers end by themselves when told; one that still prepares has nothing to tell and nobody to listen,
  // unless the trial stopped by itself: then how it ends says why.
  const bool working = running.outcome == Outcome::ok ||
                       running.scoreboard.ready().load() ==
                           static_cast<std::uint32_t>(running.plan.workers + running.plan.bystanders);
  const os::Nanoseconds patience = os::now() + (working ? kGrace : os::Nanoseconds{0});
  while (!running.child.poll() && os::now() < patience) {
    pollfd ended{running.child.pidfd().get(), POLLIN, 0};
    ::poll(&ended, 1, 50);
    hand_over_samples(running);
  }
  running.child.kill(SIGKILL);
  const os::ExitStatus status = running.child.wait();
  running.killed = status.signalled;
  if (definition_.pacing == Pacing::rounds) {
    running.others.end(pids_of(running));
    running.others.look_after();
  }
  running.sampler.finish([&](const Sample& sample) { hand_over(running, sample); });
  observer_.handed_over();
  if (running.outcome != Outcome::ok) return;
  running.oom_reports = running.post_mortem.reports();
  if (status.clean() && running.scoreboard.failure_code() == 0)
    return;  // bystanders have no status of their own
  const bool oom = running.confinement.oom_kills() > 0 || machine_oom_kills() > running.oom_before;
  running.outcome = outcome_of(status, running.scoreboard.failure_code(), oom);
  const std::string why = running.scoreboard.failure();
  const PostMortem& post_mortem = running.post_mortem;
  running.reason = running.outcome == Outcome::oom
                       ? post_mortem.account(running.oom_reports, pids_of(running))
                   : running.outcome == Outcome::io_error ? "a page could not be read back (SIGBUS)"
                   : why.empty()                          ? "the trial process was " + status.text()
                                                          : why;
}

/// The trial process, its workers, which as processes have pids of their own, and the ballast.
std::vector<int> Runner::pids_of(const Running& running) const {
  std::vector<int> pids{running.child.pid()};
  if (ballast_ != nullptr) pids.push_back(ballast_->pid());
  for (int i = 0; i < running.plan.workers; ++i) pids.push_back(running.scoreboard.slot(i).tid);
  return pids;
}

/// A kill outside the trial says that the machine itself was in need: the figures are not of this workload
/// alone.
void Runner::look_for_foreign_victims(const Running& running, TrialResult& result) const {
  const std::vector<int> pids = pids_of(running);
  for (const os::OomReport& report : result.oom_reports)
    if (!is_ours(report, pids))
      result.invalid.push_back(fmt::format("the kernel killed {} (pid {}), none of ours, for memory",
                                           report.victim_name, report.victim));
}

TrialResult Runner::collect(Running& running) {
  TrialResult result;
  result.trial = running.trial;
  result.kind = running.kind;
  result.outcome = running.outcome;
  result.reason = running.reason;
  result.killed = running.killed;
  collect_wrong_pages(running.scoreboard, result);
  result.invalid = running.scoreboard.invalid();
  if (std::string why = running.confinement.broken(); !why.empty()) result.invalid.push_back(std::move(why));
  result.notes = running.scoreboard.notes();
  for (const auto& lines :
       {running.notes, running.probes.changes(fmt::format("during trial {}", running.trial))})
    result.notes.insert(result.notes.end(), lines.begin(), lines.end());
  result.sampling = running.sampler.facts();
  collect_workers(running.scoreboard, result);
  collect_bystanders(running.scoreboard, result);
  result.oom_reports = std::move(running.oom_reports);
  look_for_foreign_victims(running, result);
  result.others = running.others.load(definition_.pacing == Pacing::timed ? std::optional(own_times(result))
                                                                          : std::nullopt);
  observer_.end_trial(result);
  return result;
}

}  // namespace tlbstorm::trial

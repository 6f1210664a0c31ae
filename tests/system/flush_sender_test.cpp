// SPDX-License-Identifier: Apache-2.0
// Whose flushes are the trial's own: those of its process and of all that it starts, and no other's.
#include <gtest/gtest.h>
#include <sys/mman.h>

#include <array>
#include <optional>
#include <thread>

#include "benches/pages.hpp"
#include "benches/sharers.hpp"
#include "harness/machine/facts.hpp"
#include "harness/os/process.hpp"
#include "harness/probe/probe.hpp"
#include "tests/system/tool.hpp"

namespace tlbstorm::test {
namespace {

constexpr int kFlushes = 500;

/// Takes a page away that another CPU's thread may hold, many times.
int flush(const std::vector<int>& cpus) {
  benches::Sharers sharer(std::array{cpus[0], cpus[1]});
  const os::Mapping memory = os::Mapping::anonymous(benches::size_of(1));
  for (int i = 0; i < kFlushes; ++i) {
    sharer.wait_until_all_run();
    benches::touch(memory.bytes());
    ::madvise(memory.data(), memory.size().count, MADV_DONTNEED);
  }
  return 0;
}

/// A process that waits until it is told to flush.
class Sender {
 public:
  /// As the process of a trial, with its name, or as another program of the name that is given; in the
  /// process itself, in a thread of it, or in a process that it forks.
  enum class Who { itself, thread, child };
  explicit Sender(const std::optional<std::string>& name, Who who = Who::itself)
      : child_(os::Child::fork(true, [this, name, who] {
          gate_.wait();
          os::name_thread(name.value_or(os::trial_name(::getpid())));
          const auto cpus = machine::allowed_cpus();
          if (who == Who::thread) std::jthread([&] { flush(cpus); });
          if (who == Who::child) return os::Child::fork(false, [&] { return flush(cpus); }).wait().code;
          return who == Who::itself ? flush(cpus) : 0;
        })) {}
  pid_t pid() const { return child_.pid(); }
  void send() {
    gate_.open();
    EXPECT_TRUE(child_.wait().clean());
  }

 private:
  os::StartingGate gate_;
  os::Child child_;
};

/// The probe tlbflush as it is opened for a trial.
class Flushes {
 public:
  explicit Flushes(pid_t trial) {
    probe::Target target;
    target.online_cpus = machine::inspect().topology.online;
    target.run = trial;
    for (const probe::Source& source : probe::sources())
      if (source.name == "tlbflush") opened_ = source.open(target);
  }
  bool are_there() const { return std::holds_alternative<std::unique_ptr<probe::Probe>>(opened_); }
  double read(const std::string& column) {
    const auto& probe = std::get<std::unique_ptr<probe::Probe>>(opened_);
    std::vector<double> row(probe->columns().size());
    probe->read(row);
    for (std::size_t i = 0; i < row.size(); ++i)
      if (probe->columns()[i].name == "tlbflush." + column) return row[i];
    ADD_FAILURE() << "no column " << column;
    return 0;
  }

 private:
  probe::Opened opened_;
};

class FlushSender : public ::testing::Test {
 protected:
  void SetUp() override {
    if (machine::allowed_cpus().size() < 2) GTEST_SKIP() << "one CPU for us: no shootdown is possible";
    if (is_emulated()) GTEST_SKIP() << "an emulated sharer does not keep its CPU";
    if (!Flushes(1).are_there()) GTEST_SKIP() << "no tracepoints here";
  }
};

TEST_F(FlushSender, OfAnotherRunOrAnotherProgramOfOurNameIsNotTheTrial) {
  Sender ours(std::nullopt), other_run(std::nullopt), namesake("tlbstorm");
  Flushes flushes(ours.pid());
  for (Sender* const other : {&other_run, &namesake}) {
    const double sent = flushes.read("sent");
    other->send();
    EXPECT_GE(flushes.read("sent") - sent, 0.8 * kFlushes);
    EXPECT_EQ(flushes.read("sent_by_trial"), 0);
  }
  ours.send();
  EXPECT_GE(flushes.read("sent_by_trial"), 0.8 * kFlushes);
}

TEST_F(FlushSender, IsTheTrialInItsThreadsAndItsProcesses) {
  for (const auto who : {Sender::Who::thread, Sender::Who::child}) {
    Sender ours(std::nullopt, who);
    Flushes flushes(ours.pid());
    ours.send();
    EXPECT_GE(flushes.read("sent_by_trial"), 0.8 * kFlushes);
  }
}

}  // namespace
}  // namespace tlbstorm::test

// SPDX-License-Identifier: Apache-2.0
// A trial process gives up all of root's capabilities but those of its workload's definition: that must
// change no figure. Each workload runs with those and with all of them.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/capability.h>

#include <cmath>
#include <map>

#include "harness/judge/judge.hpp"
#include "harness/os/journal.hpp"
#include "harness/os/privileges.hpp"
#include "harness/os/process.hpp"
#include "harness/trial/planner.hpp"
#include "harness/trial/runner.hpp"
#include "harness/trial/swap_area.hpp"
#include "tests/system/tool.hpp"

namespace tlbstorm::test {
namespace {

struct Case {
  const char* workload;
  trial::Options options;
  const char* figure;  ///< that would be another if something had been refused
};

std::ostream& operator<<(std::ostream& out, const Case& one) { return out << one.workload; }

class Watched final : public trial::Observer {
 public:
  explicit Watched(judge::Judge& judge) : judge_(judge) {}
  void begin_trial(int trial, trial::TrialKind kind, std::span<const probe::Column> columns) override {
    judge_.begin_trial(trial, kind, columns);
  }
  void sample(const trial::Sample& sample) override { judge_.sample(sample); }

 private:
  judge::Judge& judge_;
};

class Capabilities : public ::testing::TestWithParam<Case> {
 protected:
  void SetUp() override {
    if (!is_root()) GTEST_SKIP() << "an ordinary user has none to give up";
  }
  /// The figures of one trial, in which the trial process keeps these.
  static std::map<std::string, double> run(trial::Plan plan, const trial::Definition& definition,
                                           const machine::Machine& machine,
                                           const std::vector<int>& capabilities) {
    plan.capabilities = capabilities;
    os::SignalFd signals{SIGUSR2};
    os::Journal journal;
    for (const trial::SwapRequest& request : plan.swap) trial::bring_swap(journal, request);
    judge::Judge judge(plan, definition, machine);
    Watched watched(judge);
    const trial::TrialResult result =
        trial::Runner(plan, definition, machine, journal, signals, watched).run(1);
    EXPECT_EQ(result.outcome, trial::Outcome::ok) << result.reason;
    std::map<std::string, double> figures;
    for (const record::MetricValue& figure : judge.judge(result).figures)
      figures[figure.metric] = figure.value;
    EXPECT_TRUE(journal.undo_all().empty());
    return figures;
  }
};

TEST_P(Capabilities, OfTheDefinitionAreEnough) {
  const machine::Machine machine = machine::inspect();
  const trial::Definition& definition = trial::find_workload(GetParam().workload);
  const trial::Plan plan = trial::make_plan(definition, GetParam().options, machine);
  std::vector<int> all;
  for (int one = 0; one < ::cap_max_bits(); ++one) all.push_back(one);
  const auto few = run(plan, definition, machine, plan.capabilities),
             many = run(plan, definition, machine, all);
  for (const auto& [metric, value] : many)
    EXPECT_TRUE(few.contains(metric)) << metric << " is absent without " << all.size() << " capabilities";
  ASSERT_TRUE(few.contains(GetParam().figure));
  // Twice as much or half is what a busy machine does to a short trial; something that is refused gives
  // nothing.
  const double ratio = few.at(GetParam().figure) / many.at(GetParam().figure);
  EXPECT_GT(ratio, 0.4) << GetParam().figure << ": " << few.at(GetParam().figure);
  EXPECT_LT(ratio, 2.5) << GetParam().figure << ": " << few.at(GetParam().figure);
}

INSTANTIATE_TEST_SUITE_P(
    Of, Capabilities,
    ::testing::Values(
        Case{"pageout", {{"rounds", "3"}}, "pages_reclaimed"},
        Case{"file-cache",
             {{"memory", "64M"}, {"size", "256M"}, {"duration", "1s"}, {"warmup", "0"}, {"sparse", "true"}},
             "pages_reclaimed"},
        Case{"dirty-reclaim",
             {{"memory", "64M"}, {"duration", "1s"}, {"warmup", "0"}, {"swap", "zram:512M"}},
             "pages_reclaimed"},
        Case{
            "swap-churn",
            {{"memory", "64M"}, {"size", "160M"}, {"duration", "1s"}, {"warmup", "0"}, {"swap", "zram:512M"}},
            "pages_reclaimed"},
        Case{"usemem", {{"size", "64M"}, {"lock", "mlockall"}}, "lock_bandwidth"},
        Case{"usemem", {{"size", "64M"}, {"lock", "mlock"}, {"source", "sysv"}}, "lock_bandwidth"},
        Case{"compressed-cache", {{"size", "128M"}, {"memory", "64M"}, {"swap", "zram:512M"}}, "compression"},
        Case{"mprotect-storm", {{"duration", "500ms"}, {"warmup", "0"}}, "ipis_per_operation"},
        Case{"unmap-churn", {{"duration", "500ms"}, {"warmup", "0"}}, "ipis_per_operation"}),
    [](const auto& param) {
      std::string name = fmt::format("{}_{}", param.param.workload, param.index);
      for (char& c : name)
        if (c == '-') c = '_';
      return name;
    });

TEST(CapabilityTable, HasEachWorkload) {
  for (const trial::Definition& definition : trial::workloads()) {
    const bool locks = definition.name == "usemem" || definition.name == "swap-churn";
    EXPECT_EQ(os::capability_names(definition.capabilities),
              locks ? std::vector<std::string>{"cap_ipc_lock"} : std::vector<std::string>{})
        << definition.name;
  }
}

}  // namespace
}  // namespace tlbstorm::test

// SPDX-License-Identifier: Apache-2.0
#include "harness/trial/post_mortem.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "harness/os/clock.hpp"
#include "harness/os/fd.hpp"
#include "harness/os/journal.hpp"
#include "harness/os/process.hpp"
#include "harness/os/swaps.hpp"

namespace tlbstorm::trial {
namespace {

using os::operator""_GiB;
using os::operator""_MiB;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ContainsRegex;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

const std::vector<probe::Column> kColumns{{"vmstat.pswpout", "pages"},
                                          {"swapdev.total", "bytes", probe::Kind::gauge},
                                          {"swapdev.free", "bytes", probe::Kind::gauge}};
const std::vector<probe::Column> kNoSwapColumns{{"vmstat.pswpout", "pages"}};
const std::vector<probe::Column> kLockingColumns{{"vmstat.pswpout", "pages"},
                                                 {"workload.locked", "bytes", probe::Kind::gauge}};

/// Samples what the swap columns say at some time after the trial's start.
void sample(PostMortem& post_mortem, os::Nanoseconds at, double free, double total = 4ull << 30) {
  const std::array<double, 3> row{1e6, total, free};
  post_mortem.sample({.stage = {}, .at = at, .values = row});
}
void sample(PostMortem& post_mortem, os::Nanoseconds at, os::Bytes free) {
  sample(post_mortem, at, static_cast<double>(free.count));
}
void sample_locked(PostMortem& post_mortem, os::Nanoseconds at, os::Bytes locked,
                   Phase phase = Phase::measure) {
  const std::array<double, 2> row{1e6, static_cast<double>(locked.count)};
  post_mortem.sample({.stage = {phase, 0}, .at = at, .values = row});
}

os::OomReport report_of_the_machine(os::Nanoseconds at) {
  os::OomReport report;
  report.at = at;
  report.victim = 4000000;
  report.victim_name = "someone";
  report.cgroup = "/user.slice";
  report.swap_free = 1_GiB;
  report.swap_total = 2_GiB;
  return report;
}

os::OomReport report_of_a_cgroup(os::Nanoseconds at) {
  os::OomReport report = report_of_the_machine(at);
  report.in_cgroup = true;
  report.swap_free = report.swap_total = std::nullopt;
  return report;
}

/// As of a trial whose process is the victim of all these reports.
std::string account(const PostMortem& post_mortem, const std::vector<os::OomReport>& reports) {
  const std::array<int, 1> victims{4000000};
  return post_mortem.account(reports, victims);
}

TEST(PostMortemAccount, ForeignVictimsDeathIsNotTheWorkers) {
  const PostMortem post_mortem(kColumns);
  const std::array<int, 1> ours{77};
  EXPECT_EQ(
      post_mortem.account({report_of_the_machine(os::now() + seconds{1})}, ours).find("after the trial"),
      std::string::npos);
}

TEST(PostMortemAccount, WithoutAReportSaysWhatSwapWasFree) {
  PostMortem post_mortem(kColumns);
  sample(post_mortem, seconds{1}, 3_GiB);
  EXPECT_EQ(account(post_mortem, {}), "the kernel killed a worker for memory: 3 GiB of 4 GiB swap free");
}

TEST(PostMortemAccount, WithoutAReportTakesWhatWasLockedBeforeSurvivorsWereTold) {
  PostMortem post_mortem(kLockingColumns);
  sample_locked(post_mortem, seconds{1}, 416_MiB);
  sample_locked(post_mortem, seconds{2}, 832_MiB, Phase::verify);  // the closing edge
  sample_locked(post_mortem, seconds{3}, 416_MiB, Phase::verify);
  sample_locked(post_mortem, seconds{4}, 0_MiB, Phase::done);
  EXPECT_THAT(account(post_mortem, {}),
              StartsWith("the kernel killed a worker for memory: 832 MiB locked, "));
}

TEST(PostMortemAccount, TakesWhatTheKernelSaysWasLockedInOurCgroup) {
  PostMortem post_mortem(kLockingColumns);
  sample_locked(post_mortem, seconds{1}, 700_MiB);
  os::OomReport report = report_of_a_cgroup(os::now() + seconds{2});
  report.unevictable = 832_MiB;
  report.limited = "/" + os::own_name();
  EXPECT_THAT(account(post_mortem, {report}), HasSubstr("): 832 MiB locked, "));
  report.limited = "/user.slice";  // where others may hold memory locked, too
  EXPECT_THAT(account(post_mortem, {report}), HasSubstr("): 700 MiB locked, "));
  PostMortem counts_none(kColumns);
  report.limited = "/" + os::own_name();
  EXPECT_THAT(account(counts_none, {report}), Not(HasSubstr("locked")));
}

TEST(PostMortemAccount, TakesWhatWasLockedLastBeforeTheKill) {
  PostMortem post_mortem(kLockingColumns);
  const os::Nanoseconds begin = os::now();
  sample_locked(post_mortem, seconds{1}, 700_MiB);
  sample_locked(post_mortem, seconds{2}, 800_MiB);
  sample_locked(post_mortem, seconds{8}, 900_MiB);  // a survivor took what the killed one had
  EXPECT_THAT(account(post_mortem, {report_of_the_machine(begin + seconds{5})}),
              HasSubstr("): 800 MiB locked, "));
}

TEST(PostMortemAccount, SaysWhenTheMachineHadNoMemoryLeft) {
  const os::Nanoseconds begin = os::now();
  PostMortem post_mortem(kColumns);
  const std::string text = account(post_mortem, {report_of_the_machine(begin + milliseconds{1590})});
  EXPECT_THAT(text, StartsWith("the kernel killed a worker for memory "));
  EXPECT_THAT(text, ContainsRegex("memory 1\\.[0-9][0-9] s after the trial began"));
  EXPECT_THAT(text, EndsWith(" began (the machine had none left): 1 GiB of 2 GiB swap free"));
}

TEST(PostMortemAccount, DoesNotBelieveAClockThatDrifted) {
  PostMortem post_mortem(kLockingColumns);
  sample_locked(post_mortem, seconds{1}, 832_MiB);
  sample_locked(post_mortem, seconds{2}, 416_MiB, Phase::verify);
  sample_locked(post_mortem, seconds{3}, 0_MiB, Phase::verify);
  for (const seconds off : {seconds{-170}, seconds{170}})
    EXPECT_THAT(
        account(post_mortem, {report_of_the_machine(os::now() + off)}),
        StartsWith("the kernel killed a worker for memory (the machine had none left): 416 MiB locked, "));
}

TEST(PostMortemAccount, SaysWhenTheCgroupWasAtItsLimit) {
  PostMortem post_mortem(kColumns);
  sample(post_mortem, seconds{0}, 3_GiB);
  EXPECT_THAT(
      account(post_mortem, {report_of_a_cgroup(os::now() + seconds{2})}),
      ContainsRegex("memory 2\\.[0-9]+ s after the trial began \\(its cgroup was at its limit\\): 3 GiB of"));
}

TEST(PostMortemAccount, IsOfTheFirstReport) {
  PostMortem post_mortem(kColumns);
  const os::Nanoseconds begin = os::now();
  EXPECT_THAT(account(post_mortem,
                      {report_of_the_machine(begin + seconds{1}), report_of_a_cgroup(begin + seconds{9})}),
              HasSubstr("the machine had none left"));
}

TEST(PostMortemAccount, BelievesTheKernelsReportMoreThanSamples) {
  PostMortem post_mortem(kColumns);
  sample(post_mortem, seconds{0}, 3_GiB);
  EXPECT_THAT(account(post_mortem, {report_of_the_machine(os::now() + seconds{1})}),
              EndsWith("1 GiB of 2 GiB swap free"));
}

TEST(PostMortemAccount, TakesTheLastSampleBeforeTheKill) {
  PostMortem post_mortem(kColumns);
  sample(post_mortem, seconds{1}, 3_GiB);
  sample(post_mortem, seconds{2}, 2_GiB);
  sample(post_mortem, seconds{8}, 4_GiB);  // the kill has freed swap
  EXPECT_THAT(account(post_mortem, {report_of_a_cgroup(os::now() + seconds{5})}),
              EndsWith(": 2 GiB of 4 GiB swap free"));
  EXPECT_THAT(account(post_mortem, {}), EndsWith(": 4 GiB of 4 GiB swap free"));
}

TEST(PostMortemAccount, RemembersTheLatestOfManySamples) {
  PostMortem post_mortem(kColumns);
  for (int i = 0; i < 100; ++i) sample(post_mortem, seconds{i}, 1_MiB * static_cast<std::uint64_t>(i));
  EXPECT_THAT(account(post_mortem, {}), EndsWith(": 99 MiB of 4 GiB swap free"));
  EXPECT_THAT(account(post_mortem, {report_of_a_cgroup(os::now() + milliseconds{90500})}),
              EndsWith(": 90 MiB of 4 GiB swap free"));
}

TEST(PostMortemAccount, PassesOverSamplesWhereSwapCouldNotBeRead) {
  PostMortem post_mortem(kColumns);
  sample(post_mortem, seconds{1}, 3_GiB);
  sample(post_mortem, seconds{2}, probe::kAbsent, probe::kAbsent);
  EXPECT_THAT(account(post_mortem, {}), EndsWith(": 3 GiB of 4 GiB swap free"));
}

TEST(PostMortemAccount, SaysThatSwapWasNotSampledBeforeTheKill) {
  PostMortem post_mortem(kColumns);
  EXPECT_THAT(account(post_mortem, {}), EndsWith(": swap not sampled"));
  sample(post_mortem, seconds{8}, 3_GiB);
  EXPECT_THAT(account(post_mortem, {report_of_a_cgroup(os::now() + seconds{5})}),
              EndsWith(": swap not sampled"));
}

TEST(PostMortemAccount, SaysThatThereIsNoSwap) {
  PostMortem unsampled(kNoSwapColumns);
  const std::array<double, 1> row{1};
  unsampled.sample({.stage = {}, .at = seconds{1}, .values = row});
  // Without a column for it, it is as this machine has it.
  const bool has_swap = !os::parse_swaps(os::read_text("/proc/swaps")).empty();
  EXPECT_EQ(account(unsampled, {}), std::string("the kernel killed a worker for memory: ") +
                                        (has_swap ? "swap not sampled" : "no swap"));
  os::OomReport report = report_of_the_machine(os::now());
  report.swap_free = report.swap_total = os::Bytes{0};
  EXPECT_THAT(account(unsampled, {report}), EndsWith("): no swap"));
  PostMortem sampled(kColumns);
  sample(sampled, seconds{1}, 0, 0);
  EXPECT_THAT(account(sampled, {}), EndsWith(": no swap"));
}

TEST(PostMortemAccount, IsOneLine) {
  PostMortem post_mortem(kColumns);
  EXPECT_THAT(account(post_mortem, {report_of_a_cgroup(os::now())}), Not(HasSubstr("\n")));
}

TEST(OomVictim, IsOursByItsPid) {
  const os::OomReport report = report_of_the_machine({});
  EXPECT_TRUE(is_ours(report, std::vector{17, report.victim}));
  EXPECT_FALSE(is_ours(report, std::vector{17, 18}));
  EXPECT_FALSE(is_ours(report, {}));
}

TEST(OomVictim, IsOursByItsCgroup) {
  os::OomReport report = report_of_the_machine({});
  for (const std::string before : {"/", "/user.slice/session-2.scope/"})
    for (const std::string after : {"", "/inner"}) {
      report.cgroup = before + os::own_name() + after;
      EXPECT_TRUE(is_ours(report, {})) << report.cgroup;
    }
}

TEST(OomVictim, IsNotOursInTheCgroupOfAnotherRun) {
  os::OomReport report = report_of_the_machine({});
  for (const std::string& name : {std::string("tlbstorm-1"), os::own_name() + "0", "not-" + os::own_name()}) {
    report.cgroup = "/" + name;
    EXPECT_FALSE(is_ours(report, {})) << report.cgroup;
  }
}

TEST(OomVictim, IsOursByTheNameOfTheTrialAndNotByThatOfAnotherRuns) {
  os::OomReport report = report_of_the_machine({});
  report.victim_name = os::trial_name(::getpid());
  EXPECT_TRUE(is_ours(report, std::vector{1234, 1300}));
  for (const std::string& name : {os::trial_name(::getpid() + 1), std::string("tlbstorm")}) {
    report.victim_name = name;
    EXPECT_FALSE(is_ours(report, std::vector{1234}));
  }
}

TEST(OomVictim, WithoutNameAndCgroupIsNotOurs) {
  os::OomReport report;
  report.victim = 4000000;
  EXPECT_FALSE(is_ours(report, std::vector{17}));
}

}  // namespace
}  // namespace tlbstorm::trial

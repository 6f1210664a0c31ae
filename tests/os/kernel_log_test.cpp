// SPDX-License-Identifier: Apache-2.0
#include "harness/os/kernel_log.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>

#include "harness/os/error.hpp"
#include "harness/os/mapping.hpp"

namespace tlbstorm::os {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

// Two real reports, one after the other, of a group and of a group below it; the lines of others (numbered
// 9001 on) were put in between.
constexpr const char* kMemcg = "kmsg-oom-memcg-v1-linux-6.18";
constexpr const char* kGlobal = "kmsg-oom-global-written-after-the-format-of-linux-6";

/// The records of a fixture. A line that starts with a blank belongs to the record before it, as in
/// /dev/kmsg.
std::vector<LogRecord> records(const std::string& name) {
  const std::string text = read_text(std::string(TLBSTORM_FIXTURES) + "/os/" + name);
  std::vector<LogRecord> all;
  for (std::size_t begin = 0; begin < text.size();) {
    std::size_t end = text.find('\n', begin) + 1;
    while (end < text.size() && text[end] == ' ') end = text.find('\n', end) + 1;
    all.push_back(parse_kmsg(std::string_view(text).substr(begin, end - begin)).value());
    begin = end;
  }
  return all;
}

std::vector<LogRecord> log_of(const std::vector<std::string>& lines) {
  std::vector<LogRecord> all;
  for (const std::string& line : lines) all.push_back({.text = line});
  return all;
}

/// What kGlobal holds of others.
bool is_foreign(const std::string& text) {
  return text.starts_with("zram0") || text.starts_with("virtio_net") || text.starts_with("watcher") ||
         text.starts_with("[drm]");
}

const std::string kInvoked = "cat invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=0";
const std::string kKilled = "Memory cgroup out of memory: Killed process 7 (cat) total-vm:4kB, anon-rss:4kB";

TEST(KernelLogRecord, IsTakenApart) {
  const auto record = parse_kmsg("6,1234,5678901,-;e1000e: up; 1\\x0a 2\n SUBSYSTEM=pci\n DEVICE=+pci:0\n");
  ASSERT_TRUE(record);
  EXPECT_EQ(record->at, std::chrono::microseconds{5678901});
  EXPECT_EQ(record->text, "e1000e: up; 1\\x0a 2");
}

TEST(KernelLogRecord, MayHaveMoreFieldsAndNoText) {
  EXPECT_EQ(parse_kmsg("4,1,2,c,caller=T12;x\n").value().text, "x");
  EXPECT_EQ(parse_kmsg("4,1,2,-;\n").value().text, "");
  EXPECT_EQ(parse_kmsg("4,1,2,-;no line end").value().text, "no line end");
}

TEST(KernelLogRecord, IsNothingElse) {
  for (const char* const text :
       {"", "text", "6,1,2;x", "6,1,-;x", "6,x,2,-;x", " SUBSYSTEM=net", "6,1,2,-\n;x"})
    EXPECT_FALSE(parse_kmsg(text)) << text;
}

TEST(OomReports, OfACgroupNameTheVictimAndItsGroup) {
  const auto reports = find_oom_reports(records(kMemcg));
  ASSERT_EQ(reports.size(), 2u);
  EXPECT_EQ(reports[0].victim, 5913);
  EXPECT_EQ(reports[0].victim_name, "tail");
  EXPECT_EQ(reports[0].at, std::chrono::microseconds{11660136486});
  EXPECT_TRUE(reports[0].in_cgroup);
  EXPECT_EQ(reports[0].cgroup, "/small");
  EXPECT_EQ(reports[0].unevictable, Bytes{0});
  EXPECT_FALSE(reports[0].swap_free);
  EXPECT_FALSE(reports[0].swap_total);
  EXPECT_EQ(reports[1].victim, 5918);
  EXPECT_EQ(reports[1].cgroup, "/small/inner");
}

TEST(OomReports, OfACgroupHoldAllFromTheirBeginningToTheKill) {
  const auto all = records(kMemcg);
  const auto reports = find_oom_reports(all);
  ASSERT_EQ(reports.size(), 2u);
  EXPECT_THAT(reports[0].lines.front(), StartsWith("tail invoked oom-killer: "));
  EXPECT_THAT(reports[0].lines.back(), HasSubstr("Killed process 5913 (tail)"));
  EXPECT_EQ(all.size(), reports[0].lines.size() + reports[1].lines.size() + 1)
      << "the first record is another's";
}

TEST(OomReports, OfTheWholeMachineHoldItsSwapAndUnevictablePages) {
  const auto reports = find_oom_reports(records(kGlobal));
  ASSERT_EQ(reports.size(), 1u);
  EXPECT_EQ(reports[0].victim, 4410);
  EXPECT_EQ(reports[0].victim_name, "a (b) c");
  EXPECT_EQ(reports[0].at, std::chrono::microseconds{812345600392});
  EXPECT_FALSE(reports[0].in_cgroup);
  EXPECT_EQ(reports[0].cgroup, "/user.slice");
  EXPECT_EQ(reports[0].swap_free, 2051080_KiB);
  EXPECT_EQ(reports[0].swap_total, 4194296_KiB);
  EXPECT_EQ(reports[0].unevictable, page_size() * 126855);
}

TEST(OomReports, HoldAllThatWasLoggedMeanwhileAndEndWithTheReaper) {
  const auto all = records(kGlobal);
  const auto reports = find_oom_reports(all);
  ASSERT_EQ(reports.size(), 1u);
  const std::vector<std::string>& lines = reports[0].lines;
  EXPECT_THAT(lines.front(), HasSubstr(" invoked oom-killer: "));
  EXPECT_TRUE(std::any_of(lines.begin(), lines.end(), &is_foreign)) << "the fixture has some";
  EXPECT_THAT(lines.at(lines.size() - 2), HasSubstr("Killed process 4410 "));
  EXPECT_THAT(lines.back(), StartsWith("oom_reaper: reaped process 4410 "));
}

TEST(OomReports, OfCgroupV2HaveUnevictableBytes) {
  const auto reports = find_oom_reports(
      log_of({kInvoked, "memory: usage 4kB, limit 4kB, failcnt 1",
              "Memory cgroup stats for /a:", "unevictable 8192", "workingset_nodes 1", kKilled}));
  ASSERT_EQ(reports.size(), 1u);
  EXPECT_EQ(reports[0].unevictable, 8_KiB);
}

TEST(OomReports, OfCgroupV1CountTheGroupsBelow) {
  const auto reports = find_oom_reports(
      log_of({kInvoked, "Memory cgroup stats for /a:", "unevictable 0", "total_unevictable 4096", kKilled}));
  ASSERT_EQ(reports.size(), 1u);
  EXPECT_EQ(reports[0].unevictable, 4_KiB);
}

TEST(OomReports, WithoutTheirEndAreNone) {
  auto cut = records(kMemcg);
  const auto killed = std::find_if(cut.begin(), cut.end(), [](const LogRecord& record) {
    return record.text.find("Killed process 5913") != std::string::npos;
  });
  ASSERT_NE(killed, cut.end());
  EXPECT_TRUE(find_oom_reports({cut.begin(), killed}).empty());
  // The next report is whole, and has nothing of the one before.
  cut.erase(killed);
  const auto reports = find_oom_reports(cut);
  ASSERT_EQ(reports.size(), 1u);
  EXPECT_EQ(reports[0].victim, 5918);
  EXPECT_EQ(reports[0].lines.size(), 80u);
}

TEST(OomReports, ThatSpareTheVictimAreNone) {
  for (const char* const end :
       {"Out of memory and no killable processes...",
        "Out of memory: OOM victim 7 (cat) is already exiting. Skip killing the task"}) {
    const auto reports = find_oom_reports(log_of({kInvoked, "Mem-Info:", "Free swap  = 0kB", end, kKilled}));
    ASSERT_EQ(reports.size(), 1u) << end;
    EXPECT_FALSE(reports[0].swap_free);
    EXPECT_THAT(reports[0].lines, ElementsAre(kKilled));
  }
}

TEST(OomReports, ThatTheKernelShortenedAreTheKillAlone) {
  const auto reports = find_oom_reports(log_of({"eth0: link up", kKilled, "eth0: link down"}));
  ASSERT_EQ(reports.size(), 1u);
  EXPECT_EQ(reports[0].victim, 7);
  EXPECT_THAT(reports[0].lines, ElementsAre(kKilled));
}

TEST(OomReports, GetTheirOwnReaperEvenWithinTheNextReport) {
  const std::string reaped =
      "oom_reaper: reaped process 7 (cat), now anon-rss:0kB, file-rss:0kB, shmem-rss:0kB";
  const std::string next = "Out of memory: Killed process 8 (dog) total-vm:4kB";
  const auto reports = find_oom_reports(log_of({kInvoked, kKilled, kInvoked, reaped, next}));
  ASSERT_EQ(reports.size(), 2u);
  EXPECT_THAT(reports[0].lines, ElementsAre(kInvoked, kKilled, reaped));
  EXPECT_THAT(reports[1].lines, ElementsAre(kInvoked, next));
}

TEST(OomReports, AreNotMadeOfOtherKills) {
  EXPECT_TRUE(find_oom_reports({}).empty());
  EXPECT_TRUE(
      find_oom_reports(log_of({"systemd[1]: a.service: A process of this unit has been killed by the OOM "
                               "killer.",
                               "lowmemorykiller: Killed process 12 (x) total-vm:4kB"}))
          .empty());
}

TEST(KernelLog, SeesWhatIsLoggedAfterItWasOpened) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root may write to /dev/kmsg";
  if (try_read_text("/proc/sys/kernel/printk_devkmsg").value_or("") == "off\n")
    GTEST_SKIP() << "kernel.printk_devkmsg is off: the kernel drops what is written to /dev/kmsg";
  try {
    Fd::open("/dev/kmsg", O_RDWR);
  } catch (const SystemError& error) {
    GTEST_SKIP() << error.what();
  }
  const std::string name = "tlbstorm unit test " + std::to_string(::getpid());
  // Without its line end a record could still be continued, and is not read before it can't be (LOG_CONT in
  // kernel/printk/printk.c).
  write_text("/dev/kmsg", name + " before\n");
  KernelLog log;
  write_text("/dev/kmsg", name + " after\n");
  std::vector<std::string> seen;
  for (const LogRecord& record : log.take()) seen.push_back(record.text);
  for (const LogRecord& record : log.take()) EXPECT_THAT(record.text, Not(StartsWith(name)));
  EXPECT_THAT(seen, Contains(name + " after"));
  EXPECT_THAT(seen, Not(Contains(name + " before")));
}

}  // namespace
}  // namespace tlbstorm::os

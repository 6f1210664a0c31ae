// SPDX-License-Identifier: Apache-2.0
// Killing, interrupting and starving the tool: nothing that was recorded is lost and nothing is left on the
// machine.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mount.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>

#include "harness/record/csv_reader.hpp"
#include "tests/system/loop_device.hpp"
#include "tests/system/tool.hpp"

namespace tlbstorm::test {
namespace {

using Words = std::vector<std::string>;

std::string read_all(const std::filesystem::path& path) {
  std::ifstream stream(path);
  return {std::istreambuf_iterator<char>(stream), {}};
}

bool measuring(const std::string& folder) {
  return read_all(folder + "/samples.csv").find(",measure,") != std::string::npos;
}

/// Rows of samples.csv that read back.
int readable_samples(const std::string& folder) {
  record::CsvReader reader(folder + "/samples.csv");
  std::vector<std::string_view> row;
  int rows = 0;
  while (reader.next(row)) ++rows;
  return rows;
}

class Faults : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!is_root()) GTEST_SKIP() << "a memory cgroup and swap need root";
  }
  Words long_run(const std::string& folder) const {
    return {"run",
            "file-cache",
            "--memory",
            "32M",
            "--size",
            "128M",
            "--sparse",
            "--trials",
            "3",
            "--warmup",
            "0",
            "--duration",
            "20s",
            "--sysctl",
            "vm.page-cluster=5",
            "--swap",
            "file:" + place_.path().native() + ":16M",
            "--output",
            folder};
  }
  Workplace place_;
};

TEST_F(Faults, InterruptEndsCleanlyWithEverythingWritten) {
  const std::string page_cluster = read_all("/proc/sys/vm/page-cluster");
  const std::string folder = place_.new_folder();
  const pid_t tool = place_.start(long_run(folder));
  ASSERT_TRUE(eventually([&] { return measuring(folder); }));
  EXPECT_EQ(read_all("/proc/sys/vm/page-cluster"), "5\n");
  ::kill(tool, SIGINT);
  const Finished done = place_.finish(tool);
  EXPECT_EQ(done.code, 128 + SIGINT);
  EXPECT_EQ(manifest(folder)["state"], "interrupted");
  EXPECT_EQ(manifest(folder)["trials"][0]["outcome"], "interrupted");
  EXPECT_GT(readable_samples(folder), 1);
  EXPECT_NE(done.out.find(folder), std::string::npos);
  EXPECT_EQ(place_.leftovers(), "");
  EXPECT_EQ(read_all("/proc/sys/vm/page-cluster"), page_cluster);
}

TEST_F(Faults, InterruptedTrialKeepsTheFiguresOfWhatItHadMeasured) {
  const std::string folder = place_.new_folder();
  const pid_t tool = place_.start(
      {"run", "mprotect-storm", "--trials", "1", "--warmup", "0", "--duration", "20s", "--output", folder});
  ASSERT_TRUE(eventually([&] { return measuring(folder); }));
  ::kill(tool, SIGINT);
  EXPECT_EQ(place_.finish(tool).code, 128 + SIGINT);
  const nlohmann::json trial = manifest(folder)["trials"][0];
  EXPECT_EQ(trial["outcome"], "interrupted");
  for (const char* const metric : {"tlb_ipis", "throughput", "cal_interrupts"})
    EXPECT_EQ(figures(folder, metric).size(), 1u) << metric << " is absent";
  for (const nlohmann::json& absent : trial["absent"]) {
    const std::string reason = absent["reason"];
    EXPECT_EQ(reason.find("could not be read"), std::string::npos) << absent;
  }
}

TEST_F(Faults, KilledToolLeavesReadableRecordsAndRestoreUndoesItsChanges) {
  const std::string page_cluster = read_all("/proc/sys/vm/page-cluster");
  const std::string folder = place_.new_folder();
  const pid_t tool = place_.start(long_run(folder));
  ASSERT_TRUE(eventually([&] { return measuring(folder); }));
  const std::vector<pid_t> children = descendants(tool);
  EXPECT_FALSE(children.empty());
  ::kill(tool, SIGKILL);
  EXPECT_EQ(place_.finish(tool).code, 128 + SIGKILL);
  for (const pid_t child : children) EXPECT_TRUE(eventually([&] { return !is_alive(child); })) << child;
  EXPECT_NE(place_.leftovers(), "") << "nothing was there to restore";
  const Finished restored = place_.run({"restore"});
  EXPECT_EQ(restored.code, 0) << restored.out;
  EXPECT_NE(restored.out.find("undone: cgroup"), std::string::npos) << restored.out;
  EXPECT_NE(restored.out.find("undone: swap"), std::string::npos) << restored.out;
  EXPECT_EQ(place_.leftovers(), "");
  EXPECT_EQ(read_all("/proc/sys/vm/page-cluster"), page_cluster);
  EXPECT_GT(readable_samples(folder), 1);
  const Finished report = place_.run({"report", folder});
  EXPECT_EQ(report.code, 0) << report.err;
  EXPECT_NE(report.out.find("the tool was killed"), std::string::npos) << report.out;
}

TEST_F(Faults, TheNextRunRestoresByItself) {
  const pid_t tool = place_.start(long_run(place_.new_folder()));
  ASSERT_TRUE(eventually([&] { return place_.leftovers().find("cgroup") != std::string::npos; }));
  ::kill(tool, SIGKILL);
  place_.finish(tool);
  const Finished next =
      place_.run({"run", "pageout", "--trials", "1", "--rounds", "1", "--output", place_.new_folder()});
  EXPECT_EQ(next.code, 0) << next.err;
  EXPECT_NE(next.err.find("undid what a killed run had left: cgroup"), std::string::npos) << next.err;
  EXPECT_EQ(place_.leftovers(), "");
}

TEST_F(Faults, KilledTrialProcessIsAnOutcome) {
  for (const char* const mode : {"threads", "processes"}) {
    const std::string folder = place_.new_folder();
    const pid_t tool =
        place_.start({"run", "file-cache", "--memory", "32M", "--size", "128M", "--sparse", "--trials", "1",
                      "--warmup", "0", "--duration", "20s", "--mode", mode, "--output", folder});
    ASSERT_TRUE(eventually([&] { return measuring(folder); }));
    const std::vector<pid_t> children = descendants(tool);
    ASSERT_FALSE(children.empty());
    ::kill(children.back(), SIGKILL);
    const Finished done = place_.finish(tool);
    EXPECT_EQ(done.code, 1) << mode;
    EXPECT_EQ(manifest(folder)["trials"][0]["outcome"], "failed") << mode;
    EXPECT_NE(done.out.find("killed by SIGKILL"), std::string::npos) << mode << done.out;
    EXPECT_EQ(place_.leftovers(), "") << mode;
  }
}

TEST_F(Faults, FullFileSystemEndsTheRunAndLeavesNothing) {
  const std::filesystem::path full = place_.path() / "full";
  std::filesystem::create_directory(full);
  ASSERT_EQ(::mount("none", full.c_str(), "tmpfs", 0, "size=64k"), 0);
  const Finished done = place_.run(
      {"run", "pageout", "--swap", "file:" + place_.path().native() + ":16M", "--output", full / "run"});
  ::umount(full.c_str());
  EXPECT_EQ(done.code, 1);
  EXPECT_NE(done.err.find("No space left on device"), std::string::npos) << done.err;
  EXPECT_EQ(place_.leftovers(), "");
}

TEST_F(Faults, KilledBallastMakesTheTrialInvalid) {
  const std::string folder = place_.new_folder();
  const pid_t tool = place_.start({"run", "unmap-churn", "--ballast", "64M", "--trials", "1", "--warmup", "0",
                                   "--duration", "1s", "--output", folder});
  ASSERT_TRUE(eventually([&] { return measuring(folder); }));
  // The ballast was forked first.
  const std::vector<pid_t> children = descendants(tool);
  ASSERT_GE(children.size(), 2u);
  ::kill(children.front(), SIGKILL);
  EXPECT_EQ(place_.finish(tool).code, 0);
  EXPECT_NE(why_invalid(folder).find("the ballast was killed by SIGKILL"), std::string::npos)
      << why_invalid(folder);
}

TEST_F(Faults, BallastDiesWithTheTool) {
  const std::string folder = place_.new_folder();
  const pid_t tool = place_.start({"run", "unmap-churn", "--ballast", "64M", "--trials", "1", "--warmup", "0",
                                   "--duration", "20s", "--output", folder});
  ASSERT_TRUE(eventually([&] { return measuring(folder); }));
  const std::vector<pid_t> children = descendants(tool);
  ASSERT_GE(children.size(), 2u);
  ::kill(tool, SIGKILL);
  place_.finish(tool);
  for (const pid_t child : children) EXPECT_TRUE(eventually([&] { return !is_alive(child); })) << child;
  EXPECT_EQ(place_.run({"restore"}).code, 0);
  EXPECT_EQ(place_.leftovers(), "");
}

TEST_F(Faults, BallastThatTheKernelKillsEndsTheRunWithItsReason) {
  if (kSanitized) GTEST_SKIP() << "the sanitizer makes mlock do nothing";
  const std::filesystem::path group = "/sys/fs/cgroup/memory/tlbstorm-test-ballast";
  std::error_code none;
  if (!std::filesystem::create_directory(group, none)) GTEST_SKIP() << "no cgroup v1 memory controller here";
  { std::ofstream(group / "memory.limit_in_bytes") << "48M"; }
  { std::ofstream(group / "cgroup.procs") << "0"; }
  const Finished done = place_.run(
      {"run", "unmap-churn", "--ballast", "128M", "--trials", "1", "--output", place_.new_folder()});
  { std::ofstream("/sys/fs/cgroup/memory/cgroup.procs") << "0"; }
  EXPECT_TRUE(eventually([&] { return std::filesystem::remove(group, none) && !none; }));
  EXPECT_EQ(done.code, 1);
  EXPECT_NE(done.err.find("the ballast was killed by SIGKILL"), std::string::npos) << done.err;
  EXPECT_NE(done.err.find("give a smaller --ballast"), std::string::npos) << done.err;
}

TEST_F(Faults, FullFileSystemInTheMiddleIsAnOutcome) {
  if (!std::filesystem::exists("/sbin/mkfs.ext4")) GTEST_SKIP() << "no mkfs.ext4 here";
  const LoopDevice disk(place_.path() / "disk", 1500L << 20);
  if (!disk.why_not().empty()) GTEST_SKIP() << disk.why_not();
  ASSERT_EQ(std::system(("/sbin/mkfs.ext4 -q -m 0 " + disk.path()).c_str()), 0);
  const std::filesystem::path mounted = place_.path() / "mounted";
  std::filesystem::create_directory(mounted);
  ASSERT_EQ(::mount(disk.path().c_str(), mounted.c_str(), "ext4", 0, ""), 0);
  const std::string folder = place_.new_folder();
  const pid_t tool =
      place_.start({"run",      "usemem",    "--source", "file",     "--folder", mounted,  "--size",
                    "8M",       "--workers", "1",        "--chunks", "2",        "--hold", "100ms",
                    "--rounds", "100",       "--trials", "1",        "--output", folder});
  EXPECT_TRUE(eventually([&] { return measuring(folder); }));
  const int filler = ::open((mounted / "filler").c_str(), O_WRONLY | O_CREAT, 0600);
  off_t filled = 0;
  // Whatever the run gives back between its rounds is taken, too.
  for (off_t step = 1L << 30; is_alive(tool); ::usleep(step < 4096 ? 1000 : 0)) {
    if (step < 4096) step = 1 << 20;
    ::posix_fallocate(filler, filled, step) == 0 ? filled += step : step /= 2;
  }
  ::close(filler);
  const Finished done = place_.finish(tool);
  ::umount2(mounted.c_str(), MNT_DETACH);
  EXPECT_EQ(done.code, 1);
  const std::string reason = manifest(folder)["trials"][0]["reason"];
  EXPECT_NE(reason.find("No space left on device"), std::string::npos) << reason;
  EXPECT_EQ(place_.leftovers(), "");
}

TEST_F(Faults, FileThatShrinksUnderItsReadersIsAnOutcome) {
  if (kSanitized) GTEST_SKIP() << "the sanitizer takes SIGBUS for an error of the program";
  const std::filesystem::path file = place_.path() / "yours";
  { std::ofstream(file) << "yours"; }
  std::filesystem::resize_file(file, 128 << 20);
  const std::string folder = place_.new_folder();
  const pid_t tool = place_.start({"run", "file-cache", "--file", file, "--memory", "32M", "--trials", "1",
                                   "--warmup", "0", "--duration", "20s", "--output", folder});
  EXPECT_TRUE(eventually([&] { return measuring(folder); }));
  std::filesystem::resize_file(file, 1 << 20);
  EXPECT_EQ(place_.finish(tool).code, 1);
  EXPECT_EQ(manifest(folder)["trials"][0]["outcome"], "io_error");
  EXPECT_EQ(place_.leftovers(), "");
}

TEST_F(Faults, HangIsATimeout) {
  const std::string folder = place_.new_folder();
  const pid_t tool =
      place_.start({"run", "file-cache", "--memory", "32M", "--size", "128M", "--sparse", "--trials", "1",
                    "--warmup", "0", "--duration", "1s", "--timeout", "1s", "--output", folder});
  ASSERT_TRUE(eventually([&] { return measuring(folder); }));
  for (const pid_t child : descendants(tool)) ::kill(child, SIGSTOP);
  EXPECT_EQ(place_.finish(tool).code, 1);
  EXPECT_EQ(manifest(folder)["trials"][0]["outcome"], "timeout");
  EXPECT_EQ(place_.leftovers(), "");
}

}  // namespace
}  // namespace tlbstorm::test

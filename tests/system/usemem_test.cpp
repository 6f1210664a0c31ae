// SPDX-License-Identifier: Apache-2.0
// usemem on the real kernel: what it locks can't go to swap, and a killed worker is never a success.
#include <algorithm>
#include <fstream>
#include <iterator>

#include "tests/system/physics.hpp"

namespace tlbstorm::test {
namespace {

class UseMem : public PhysicsTest {};

TEST_F(UseMem, EverySourceIsTouchedTimedAndGivenBack) {
  for (const char* const source : {"private", "shared", "file", "memfd", "sysv", "malloc"}) {
    const std::string folder = run({"usemem", "--source", source, "--size", "16M", "--chunks", "4",
                                    "--read-passes", "1", "--trials", "1"});
    if (folder.empty()) continue;
    EXPECT_GT(figure(folder, "touch_bandwidth"), 0) << source;
    EXPECT_GT(figure(folder, "free_bandwidth"), 0) << source;
  }
}

TEST_F(UseMem, StepsCanBeCombined) {
  const std::string folder = run({"usemem",     "--size",   "16M",
                                  "--chunks",   "4",        "--prealloc",
                                  "--populate", "--thp",    "--punch-holes",
                                  "--access",   "random",   "--delay",
                                  "100us",      "--step",   "64K",
                                  "--unit",     "64",       "--write-passes",
                                  "2",          "--hold",   "10ms",
                                  "--rounds",   "2",        "--mode",
                                  "processes",  "--trials", "1"});
  if (folder.empty()) return;
  EXPECT_GT(figure(folder, "touch_bandwidth"), 0);
}

TEST_F(UseMem, SwapInIsTimedAlone) {
  if (const std::string why = why_no_zram(); !why.empty()) GTEST_SKIP() << why;
  const std::string folder = run(
      {"usemem", "--two-phase", "--size", "32M", "--workers", "1", "--swap", "zram:128M", "--trials", "1"});
  if (folder.empty()) return;
  EXPECT_GT(figure(folder, "swap_in_bandwidth"), 0);
  EXPECT_LT(figure(folder, "swap_in_bandwidth"), figure(folder, "touch_bandwidth") * 2);
  EXPECT_GT(figure(folder, "pageout_bandwidth"), 0);
}

TEST_F(UseMem, SwapFileIsReadBackFromDiskAndNotFromTheSwapCache) {
  if (!is_root()) GTEST_SKIP() << "swap needs root";
  const std::string folder = run(
      {"usemem", "--two-phase", "--size", "32M", "--workers", "1", "--swap", "file:128M", "--trials", "1"});
  if (folder.empty()) return;
  EXPECT_EQ(why_invalid(folder).find("stayed in memory"), std::string::npos) << why_invalid(folder);
  EXPECT_GT(figure(folder, "swap_in_rate"), 0);
  EXPECT_LT(figure(folder, "swap_in_bandwidth"), figure(folder, "touch_bandwidth"));
}

TEST_F(UseMem, PushingOutNeedsSwap) {
  if (std::ifstream swaps("/proc/swaps"); std::count(std::istreambuf_iterator<char>(swaps), {}, '\n') > 1)
    GTEST_SKIP() << "swap is active here";
  const Finished refused = place_.run({"run", "usemem", "--two-phase", "--size", "32M"});
  EXPECT_EQ(refused.code, 2);
  EXPECT_NE(refused.err.find("no swap is active"), std::string::npos) << refused.err;
}

/// The report of 2010: locked memory, a limit, and swap that nobody can use.
TEST_F(UseMem, LockedMemoryIsKilledWithAllSwapFree) {
  if (kSanitized) GTEST_SKIP() << "the sanitizer makes mlock do nothing";
  if (const std::string why = why_no_zram(); !why.empty()) GTEST_SKIP() << why;
  for (const char* const mode : {"threads", "processes"}) {
    const std::string folder = place_.new_folder();
    const Words words{"run",      "usemem", "--lock",    "mlockall",  "--size",   "128M",
                      "--memory", "64M",    "--swap",    "zram:256M", "--mode",   mode,
                      "--trials", "1",      "--workers", "1",         "--output", folder};
    const Finished done = place_.run(words);
    EXPECT_EQ(done.code, 1) << mode << done.out;
    const nlohmann::json trial = manifest(folder)["trials"][0];
    EXPECT_EQ(trial["outcome"], "oom") << mode;
    const std::string reason = trial["reason"];
    EXPECT_NE(reason.find("MiB locked"), std::string::npos) << reason;
    EXPECT_NE(reason.find("256 MiB of 256 MiB swap free"), std::string::npos) << reason;
    EXPECT_NE(reason.find("s after the trial began"), std::string::npos) << reason;
    const std::string report = text_of(folder + "/oom-trial1.txt");
    EXPECT_NE(report.find("invoked oom-killer"), std::string::npos) << report;
    EXPECT_NE(report.find("Killed process"), std::string::npos) << report;
    EXPECT_EQ(place_.leftovers(), "");
  }
}

/// One process is killed; the other would take what that had, and give all of it back.
TEST_F(UseMem, AccountOfAKilledProcessIsOfTheMomentOfTheKill) {
  if (kSanitized) GTEST_SKIP() << "the sanitizer makes mlock do nothing";
  if (const std::string why = why_no_zram(); !why.empty()) GTEST_SKIP() << why;
  const std::string folder = place_.new_folder();
  const Finished done =
      place_.run({"run",      "usemem",    "--lock",   "mlock",     "--size",    "96M", "--memory", "160M",
                  "--swap",   "zram:256M", "--mode",   "processes", "--workers", "2",   "--hold",   "1s",
                  "--trials", "1",         "--expect", "oom",       "--output",  folder});
  EXPECT_EQ(done.code, 0) << done.err << done.out;
  const nlohmann::json trial = manifest(folder)["trials"][0];
  const std::string reason = trial["reason"];
  const std::size_t at = reason.find("at its limit): ");
  ASSERT_NE(at, std::string::npos) << reason;
  const double locked = std::stod(reason.substr(at + 15));
  EXPECT_GT(locked, 0.8 * 160) << reason;
  EXPECT_LE(locked, 160) << reason;
  for (const nlohmann::json& absent : trial["absent"]) {
    const std::string why = absent["reason"];
    EXPECT_EQ(why.find("could not be read"), std::string::npos) << absent;
    EXPECT_EQ(why.find("this kernel has no counter"), std::string::npos) << absent;
  }
  // What the trial used as a whole is known, so the kill is no reason not to know what others took.
  EXPECT_EQ(check_of(trial, "foreign_load")["found"].get<std::string>().find("killed"), std::string::npos)
      << check_of(trial, "foreign_load");
  EXPECT_EQ(check_of(trial, "sharers_on_cpu")["grade"], "ok");
}

TEST_F(UseMem, ExpectedEndIsASuccessAndAnotherIsNot) {
  if (const std::string why = why_no_zram(); !why.empty()) GTEST_SKIP() << why;
  const Words killed{"usemem",    "--lock",   "onfault", "--size",    "128M", "--memory", "64M", "--swap",
                     "zram:256M", "--trials", "1",       "--workers", "1",    "--expect", "oom"};
  const std::string folder = run(killed);
  EXPECT_EQ(why_invalid(folder), "");
  const Finished fits = place_.run({"run", "usemem", "--size", "16M", "--expect", "oom", "--trials", "1",
                                    "--output", place_.new_folder()});
  EXPECT_EQ(fits.code, 1);
  EXPECT_NE(fits.out.find("oom was expected"), std::string::npos) << fits.out;
}

TEST_F(UseMem, RefusedMemoryIsNoKill) {
  const std::string pool = text_of("/proc/sys/vm/nr_hugepages");
  if (pool != "0\n") GTEST_SKIP() << "this machine has huge pages: " << pool;
  const std::string folder =
      run({"usemem", "--source", "hugetlb", "--size", "64M", "--expect", "enomem", "--trials", "1"});
  if (folder.empty()) return;
  EXPECT_EQ(manifest(folder)["trials"][0]["outcome"], "enomem");
}

TEST_F(UseMem, BallastLocksMemoryAndLetsGo) {
  if (kSanitized) GTEST_SKIP() << "the sanitizer makes mlock do nothing";
  if (!is_root()) GTEST_SKIP() << "locking much memory needs root";
  const std::string folder =
      run({"usemem", "--size", "16M", "--ballast", "64M", "--hold", "300ms", "--trials", "1"});
  if (folder.empty()) return;
  std::ifstream samples(folder + "/samples.csv");
  std::string header, row;
  std::getline(samples, header);
  std::getline(samples, row);
  EXPECT_NE(header.find("vmstat.nr_mlock"), std::string::npos);
  std::size_t column = 0;
  for (std::size_t at = header.find("vmstat.nr_mlock"); at != std::string::npos && at > 0; --at)
    column += header[at - 1] == ',';
  for (; column > 0; --column) row = row.substr(row.find(',') + 1);
  // Each CPU keeps back up to 125 of what it counted (mm/vmstat.c: calculate_normal_threshold).
  EXPECT_GE(std::stod(row), 16384.0 - 125 * online_cpus()) << "64 MiB are 16384 pages of 4 KiB";
}

TEST_F(UseMem, BallastThatLeavesTooLittleIsRefused) {
  const Finished refused = place_.run({"run", "usemem", "--ballast", "99%"});
  EXPECT_EQ(refused.code, 2);
  EXPECT_NE(refused.err.find("stay free"), std::string::npos) << refused.err;
}

}  // namespace
}  // namespace tlbstorm::test

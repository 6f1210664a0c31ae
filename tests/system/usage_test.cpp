// SPDX-License-Identifier: Apache-2.0
// Wrong options: one line that names option and value, one that says what to do, exit code 2, nothing
// touched.
#include <gtest/gtest.h>

#include <fstream>

#include "tests/system/tool.hpp"

namespace tlbstorm::test {
namespace {

using Words = std::vector<std::string>;

struct BadInput {
  const char* name;
  Words words;
  const char* complaint;  ///< in the first line
};

std::ostream& operator<<(std::ostream& out, const BadInput& input) { return out << input.name; }

class Usage : public ::testing::TestWithParam<BadInput> {
 protected:
  Workplace place_;
};

TEST_P(Usage, IsRefusedBeforeAnythingIsTouched) {
  const Finished done = place_.run(GetParam().words);
  EXPECT_EQ(done.code, 2) << done.out;
  const std::string first = done.err.substr(0, done.err.find('\n'));
  EXPECT_NE(first.find(GetParam().complaint), std::string::npos) << done.err;
  EXPECT_NE(done.err.find("\n  hint: "), std::string::npos) << done.err;
  EXPECT_EQ(place_.leftovers(), "");
  EXPECT_FALSE(std::filesystem::exists(place_.path() / "results"));
  EXPECT_FALSE(std::filesystem::exists(place_.path() / "state"));
}

INSTANTIATE_TEST_SUITE_P(
    Options, Usage,
    ::testing::Values(
        BadInput{"Workload", {"run", "pageot"}, "pageot"}, BadInput{"Command", {"rnu"}, "rnu"},
        BadInput{"Option", {"run", "pageout", "--tirals", "3"}, "--tirals"},
        BadInput{"Size", {"run", "pageout", "--region", "3X"}, "--region 3X"},
        BadInput{"SizeBeyondMachine", {"run", "pageout", "--memory", "1000T"}, "--memory 1000T"},
        BadInput{"RegionBeyondMachine", {"run", "pageout", "--region", "1000T"}, "--region 1000T"},
        BadInput{"AbsentCpu", {"run", "pageout", "--placement", "cpus:0,9999"}, "CPU 9999"},
        BadInput{"AbsentSocket", {"run", "pageout", "--placement", "socket:99"}, "socket 99"},
        BadInput{"AbsentNode", {"run", "pageout", "--mempolicy", "bind:99"}, "node 99"},
        BadInput{"NoWorkers", {"run", "pageout", "--workers", "0"}, "--workers 0"},
        BadInput{"NoTrials", {"run", "pageout", "--trials", "0"}, "--trials 0"},
        BadInput{"NoUnit", {"run", "pageout", "--duration", "3"}, "--duration 3"},
        BadInput{"Output", {"run", "pageout", "--output", "/proc/no"}, "--output /proc/no"},
        BadInput{"Probe", {"run", "pageout", "--probes", "no"}, "--probes no"},
        BadInput{"Choice", {"run", "pageout", "--pages", "none"}, "--pages none"},
        BadInput{"Sysctl", {"run", "pageout", "--sysctl", "vm.no=1"}, "--sysctl vm.no=1"},
        BadInput{"Swap", {"run", "pageout", "--swap", "disk:1G"}, "--swap disk:1G"},
        BadInput{"Config", {"run", "pageout", "--config", "/no/file"}, "--config"},
        BadInput{"NoCpuForABystander",
                 {"run", "pageout", "--workers", "4096", "--bystanders", "1"},
                 "--bystanders 1"},
        BadInput{"GapOfNothing",
                 {"run", "pageout", "--bystanders", "0", "--gap-threshold", "0"},
                 "--gap-threshold 0"},
        BadInput{"Expectation", {"run", "pageout", "--expect", "glory"}, "--expect glory"},
        BadInput{"BallastBeyondMachine", {"run", "pageout", "--ballast", "1000T"}, "--ballast 1000T"},
        BadInput{"Sweep", {"run", "pageout", "--sweep", "rounds"}, "--sweep rounds"},
        BadInput{"SweepOfNoOption", {"run", "pageout", "--sweep", "round=1..3"}, "no option --round"},
        BadInput{"SweepOfABadPoint", {"run", "pageout", "--sweep", "rounds=1,0"}, "--rounds 0"},
        BadInput{"TwoWorkloads", {"run", "--label", "pageout", "file-cache"}, "WORKLOAD pageout"},
        BadInput{"FilesOfNothing",
                 {"run", "file-cache", "--files", "per-worker", "--memory", "4M", "--size", "6M", "--workers",
                  "2000"},
                 "--size 6M"},
        BadInput{"PoolPushedOut", {"run", "usemem", "--source", "hugetlb", "--pageout"}, "--pageout true"},
        BadInput{"LockedFilesBesideBallast",
                 {"run", "usemem", "--source", "file", "--lock", "mlockall", "--workers", "1", "--size",
                  "45%", "--ballast", "50%", "--dry-run"},
                 "the run would take"},
        BadInput{"EventTwice",
                 {"run", "pageout", "--events", "minor-faults,{minor-faults,major-faults}"},
                 "--events minor-faults"},
        BadInput{"Suite", {"suite", "no-such"}, "suite no-such"},
        BadInput{"SuiteOption", {"suite", "quick", "--tirals", "3"}, "--tirals"},
        BadInput{"EraseWithoutSwap",
                 {"run", "pageout", "--erase-device", "/dev/null"},
                 "--erase-device /dev/null"},
        BadInput{"Cycle", {"run", "mprotect-storm", "--cycle", "round"}, "--cycle round"},
        BadInput{"OnlyReaders", {"run", "mprotect-storm", "--workers", "1", "--readers", "1"}, "--readers 1"},
        BadInput{"BlindReaders",
                 {"run", "mprotect-storm", "--workers", "2", "--readers", "1", "--cycle", "none-rw"},
                 "--readers 1"},
        BadInput{"PartOfAPage", {"run", "unmap-churn", "--region", "5000"}, "--region 5000"},
        BadInput{"NoChunks", {"run", "usemem", "--chunks", "0"}, "--chunks 0"},
        BadInput{"MoreThanThereIs", {"run", "usemem", "--size", "1000T"}, "--size 1000T"},
        BadInput{
            "HolesInLockedMemory", {"run", "usemem", "--lock", "mlock", "--punch-holes"}, "--punch-holes"},
        BadInput{"OddStep", {"run", "usemem", "--step", "7"}, "--step 7"},
        BadInput{"Access", {"run", "swap-churn", "--access", "zipf:-1"}, "--access zipf:-1"},
        BadInput{"ModelFormat", {"model", ".", "--format", "xml"}, "--format xml"},
        BadInput{"ModelOption", {"model", ".", "--off", "x"}, "--off"},
        BadInput{"List", {"list", "no"}, "WHAT no"}),
    [](const auto& tested) { return std::string(tested.param.name); });

class UsageOf : public Usage {};

TEST_F(UsageOf, FileCacheNamesWhatIsTooSmallOrInMemory) {
  if (!is_root()) GTEST_SKIP() << "a memory cgroup needs root";
  { std::ofstream(place_.path() / "small") << "small"; }
  const Finished small = place_.run({"run", "file-cache", "--file", "small", "--size", "1G"});
  EXPECT_EQ(small.code, 2);
  EXPECT_NE(small.err.find("too small"), std::string::npos) << small.err;
  const Finished fits = place_.run({"run", "file-cache", "--memory", "64M", "--size", "64M"});
  EXPECT_EQ(fits.code, 2);
  EXPECT_NE(fits.err.find("nothing would be reclaimed"), std::string::npos) << fits.err;
  const Finished tmpfs = place_.run({"run", "file-cache", "--file", "/dev/shm/tlbstorm-x"});
  EXPECT_EQ(tmpfs.code, 2);
  EXPECT_NE(tmpfs.err.find("tmpfs"), std::string::npos) << tmpfs.err;
  const Finished huge = place_.run({"run", "file-cache", "--size", "50T"});
  EXPECT_EQ(huge.code, 2);
  EXPECT_NE(huge.err.find("free"), std::string::npos) << huge.err;
}

TEST_F(UsageOf, DirtyPagesWithoutSwapOfferToBringSome) {
  std::ifstream swaps("/proc/swaps");
  std::string heading, area;
  std::getline(swaps, heading);
  if (std::getline(swaps, area)) GTEST_SKIP() << "swap is active here";
  const Finished done = place_.run({"run", "pageout", "--pages", "dirty-anon"});
  EXPECT_EQ(done.code, 2);
  EXPECT_NE(done.err.find("--swap zram:1G"), std::string::npos) << done.err;
  EXPECT_NE(done.err.find("--swap file:"), std::string::npos) << done.err;
}

TEST_F(UsageOf, DryRunPrintsThePlanAndTouchesNothing) {
  const Finished done = place_.run({"run", "pageout", "--dry-run", "--trials", "7", "--label", "x"});
  EXPECT_EQ(done.code, 0) << done.err;
  const nlohmann::json plan = nlohmann::json::parse(done.out);
  EXPECT_EQ(plan["trials"], 7);
  EXPECT_EQ(plan["parameters"]["region"], "16M");
  EXPECT_FALSE(std::filesystem::exists(place_.path() / "results"));
}

TEST_F(UsageOf, ConfigFileGivesOptionsAndRefusesUnknownOnes) {
  { std::ofstream(place_.path() / "good") << "trials = 4\nregion = \"16M\"\n"; }
  { std::ofstream(place_.path() / "bad") << "trails = 4\n"; }
  const Finished good = place_.run({"run", "pageout", "--config", "good", "--dry-run"});
  ASSERT_EQ(good.code, 0) << good.err;
  EXPECT_EQ(nlohmann::json::parse(good.out)["trials"], 4);
  EXPECT_EQ(nlohmann::json::parse(good.out)["parameters"]["region"], "16M");
  const Finished bad = place_.run({"run", "pageout", "--config", "bad", "--dry-run"});
  EXPECT_EQ(bad.code, 2);
  EXPECT_NE(bad.err.find("trails"), std::string::npos) << bad.err;
}

TEST_F(UsageOf, PlainUsersAreToldWhatIsForRoot) {
  if (is_root()) GTEST_SKIP() << "root may count everything";
  const std::string probes = place_.run({"list", "probes"}).out;
  for (const char* const part : {"the tracepoint tlb/tlb_flush is for root", "run as root"})
    EXPECT_NE(probes.find(part), std::string::npos) << probes;
  if (text_of("/proc/sys/kernel/perf_event_paranoid").substr(0, 1) > "0") {
    EXPECT_NE(probes.find("where kernel.perf_event_paranoid is "), std::string::npos) << probes;
  }
}

TEST_F(UsageOf, ListNamesEverythingWithItsMeaning) {
  const Finished done = place_.run({"list"});
  EXPECT_EQ(done.code, 0) << done.err;
  for (const char* const name : {"pageout", "file-cache", "interrupts", "vmstat", "memcg", "psi", "tlbflush",
                                 "ipis_per_page", "better: lower"})
    EXPECT_NE(done.out.find(name), std::string::npos) << name;
}

}  // namespace
}  // namespace tlbstorm::test

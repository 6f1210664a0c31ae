// SPDX-License-Identifier: Apache-2.0
// What only the machine can refuse, some of it when the run has begun: no run folder is left that says a run
// goes on, and nothing on the machine is touched for good.
#include <gmock/gmock.h>

#include <fstream>

#include "tests/system/tool.hpp"

namespace tlbstorm::test {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

struct Refusal {
  const char* name;
  std::string option, value;
  const char* problem;
};
std::ostream& operator<<(std::ostream& out, const Refusal& refusal) { return out << refusal.name; }

std::string settings() {
  std::string text;
  for (const char* const name : {"swappiness", "page-cluster", "dirty_bytes", "dirty_ratio"})
    text += text_of(fs::path("/proc/sys/vm") / name);
  return text + text_of("/proc/sys/kernel/printk");
}

/// More areas than any kernel has room for (MAX_SWAPFILES).
std::string many_areas() {
  std::string areas = "zram:1M";
  for (int i = 0; i < 40; ++i) areas += ",zram:1M";
  return areas;
}

class Refusals : public ::testing::TestWithParam<Refusal> {
 protected:
  void SetUp() override {
    if (!is_root()) GTEST_SKIP() << "swap and sysctls need root";
    std::ofstream(place_.path() / "plain") << "a file";
  }
  Workplace place_;
};

TEST_P(Refusals, LeaveNoFolderAndTheMachineAsItWas) {
  const auto& [name, option, value, problem] = GetParam();
  const std::string before = settings(), swaps = text_of("/proc/swaps"), folder = place_.new_folder();
  const Finished done = place_.run({"run", "pageout", "--region", "2M", "--rounds", "1", "--trials", "1",
                                    "--quiet", "--output", folder, option, value});
  EXPECT_EQ(done.code, 2) << done.out << done.err;
  EXPECT_THAT(done.err.substr(0, done.err.find('\n')), HasSubstr(problem));
  EXPECT_TRUE(done.err.starts_with("tlbstorm: " + option)) << done.err;
  EXPECT_THAT(done.err, HasSubstr("\n  hint: "));
  EXPECT_FALSE(fs::exists(folder));
  EXPECT_FALSE(fs::exists(place_.path() / "state"));
  EXPECT_EQ(settings(), before);
  EXPECT_EQ(text_of("/proc/swaps"), swaps);
  EXPECT_EQ(place_.leftovers(), "");
}

INSTANTIATE_TEST_SUITE_P(
    OfTheMachine, Refusals,
    ::testing::Values(
        Refusal{"NoSuchSysctl", "--sysctl", "vm.nosuch=1", "no such sysctl"},
        Refusal{"ValueThatTheKernelRefuses", "--sysctl", "vm.swappiness=100000", "vm.swappiness=100000"},
        Refusal{"SecondValueThatTheKernelRefuses", "--sysctl", "vm.page-cluster=1,vm.swappiness=100000",
                "vm.swappiness=100000"},
        Refusal{"ValueOfAPairThatTheKernelRefuses", "--sysctl", "vm.dirty_bytes=1", "vm.dirty_bytes=1"},
        Refusal{"LastOfSeveralNumbersThatTheKernelRefuses", "--sysctl", "kernel.printk=1 1 1 99999999999",
                "kernel.printk=1 1 1 99999999999"},
        Refusal{"Algorithm", "--swap", "zram:16M:nosuch", "zram has no algorithm nosuch"},
        Refusal{"AlgorithmOfTheSecondArea", "--swap", "zram:16M,zram:16M:nosuch",
                "zram has no algorithm nosuch"},
        Refusal{"DeviceThatIsNone", "--swap", "device:/dev/null", "not a block device"},
        Refusal{"DeviceThatIsNotThere", "--swap", "device:/dev/nosuch", "No such file"},
        Refusal{"FileThatIsNoFolder", "--swap", "file:/dev/null/x:16M", "/dev/null"},
        Refusal{"MoreAreasThanTheKernelHolds", "--swap", many_areas(), "this kernel has room for"}),
    [](const auto& tested) { return std::string(tested.param.name); });

}  // namespace
}  // namespace tlbstorm::test

// SPDX-License-Identifier: Apache-2.0
// Swap on block devices: nothing is overwritten by accident, and a device is afterwards what it was before.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/swap.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "harness/os/fd.hpp"
#include "harness/os/swap_header.hpp"
#include "tests/system/loop_device.hpp"
#include "tests/system/tool.hpp"

namespace tlbstorm::test {
namespace {

using Words = std::vector<std::string>;
constexpr off_t kSize = 64 << 20;

std::string first_bytes(const std::string& path, std::size_t count) {
  std::string bytes(count, '\1');
  std::ifstream(path, std::ios::binary).read(bytes.data(), static_cast<std::streamsize>(count));
  return bytes;
}

bool all_zero(const std::string& bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](char c) { return c == '\0'; });
}

void write_first_bytes(const std::string& path, const std::string& bytes) {
  std::fstream file(path, std::ios::binary | std::ios::in | std::ios::out);
  file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

/// The superblock of an empty ext2 has its magic at byte 1080 (fs/ext4/ext4.h: EXT4_SUPER_MAGIC); libblkid
/// asks for little more.
std::string ext2_superblock() {
  std::string bytes(4096, '\0');
  const auto put = [&](std::size_t at, std::uint32_t value) {
    for (std::size_t i = 0; i < 4; ++i) bytes[1024 + at + i] = static_cast<char>(value >> (8 * i));
  };
  put(0, 16);     // inodes
  put(4, 16384);  // blocks
  put(20, 0);     // first data block
  put(24, 2);     // block size 4 KiB
  put(76, 1);     // revision
  bytes[1024 + 56] = '\x53';
  bytes[1024 + 57] = '\xef';
  return bytes;
}

class SwapDevice : public ::testing::Test {
 protected:
  void SetUp() override {
    if (const std::string why = why_no_swap(); !why.empty()) GTEST_SKIP() << why;
    if (!device_.why_not().empty()) GTEST_SKIP() << device_.why_not();
  }
  Finished page_out(const std::string& swap, Words more = {}) {
    folder_ = place_.new_folder();
    Words words{"run",      "pageout", "--pages", "dirty-anon", "--region", "8M",
                "--trials", "1",       "--swap",  swap,         "--output", folder_};
    words.insert(words.end(), more.begin(), more.end());
    return place_.run(words);
  }
  /// Swaps in and out, does something to the device in the middle, and returns how the trial ended.
  template <typename Mischief>
  nlohmann::json churn_and(Mischief mischief, const char* duration = "20s", int code = 1) {
    folder_ = place_.new_folder();
    const pid_t tool = place_.start({"run",        "swap-churn", "--explain",    "none",
                                     "--memory",   "32M",        "--size",       "56M",
                                     "--workers",  "2",          "--read-ratio", "1",
                                     "--trials",   "1",          "--warmup",     "0",
                                     "--duration", duration,     "--swap",       "device:" + device_.path(),
                                     "--output",   folder_});
    EXPECT_TRUE(eventually([&] {
      return first_bytes(folder_ + "/samples.csv", 1 << 20).find(",measure,") != std::string::npos;
    }));
    mischief();
    EXPECT_EQ(place_.finish(tool).code, code);
    EXPECT_EQ(place_.leftovers(), "");
    return manifest(folder_)["trials"][0];
  }
  /// Sectors written to it, by the block layer's count.
  static double written(const LoopDevice& device) {
    std::ifstream stat("/sys/block/" + device.name() + "/stat");
    double field = 0;
    for (int i = 0; i < 7; ++i) stat >> field;
    return field;
  }

  Workplace place_;
  LoopDevice device_{place_.path() / "disk", kSize};
  std::string folder_;
};

TEST_F(SwapDevice, BlankOneTakesThePagesAndIsBlankAgainAndAgain) {
  for (int time = 0; time < 2; ++time) {
    const double before = written(device_);
    const Finished done = page_out("device:" + device_.path());
    EXPECT_EQ(done.code, 0) << done.err;
    EXPECT_GT((written(device_) - before) * 512, 8 << 20);
    EXPECT_TRUE(all_zero(first_bytes(device_.path(), 1 << 20)));
    EXPECT_EQ(place_.leftovers(), "");
  }
}

TEST_F(SwapDevice, FileSystemIsRefusedByNameUnlessItsPathIsRepeated) {
  write_first_bytes(device_.path(), ext2_superblock());
  const Finished refused = page_out("device:" + device_.path());
  EXPECT_EQ(refused.code, 2);
  EXPECT_NE(refused.err.find("there is something on it: ext"), std::string::npos) << refused.err;
  EXPECT_NE(refused.err.find("--erase-device " + device_.path()), std::string::npos) << refused.err;
  EXPECT_EQ(first_bytes(device_.path(), 4096), ext2_superblock()) << "untouched";
  const Finished wrong = page_out("device:" + device_.path(), {"--erase-device", "/dev/another"});
  EXPECT_EQ(wrong.code, 2);
  const Finished done = page_out("device:" + device_.path(), {"--erase-device", device_.path()});
  EXPECT_EQ(done.code, 0) << done.err;
  EXPECT_TRUE(all_zero(first_bytes(device_.path(), 4096)));
}

TEST_F(SwapDevice, DataOfNoKnownKindIsRefused) {
  write_first_bytes(device_.path(), std::string(100, 'x'));
  const Finished refused = page_out("device:" + device_.path());
  EXPECT_EQ(refused.code, 2);
  EXPECT_NE(refused.err.find("there is data on it"), std::string::npos) << refused.err;
  EXPECT_EQ(first_bytes(device_.path(), 100), std::string(100, 'x'));
}

TEST_F(SwapDevice, ActiveSwapIsRefusedWhateverIsSaid) {
  write_first_bytes(device_.path(), os::make_swap_header({kSize}, os::new_uuid()));
  ASSERT_EQ(::swapon(device_.path().c_str(), 0), 0);
  const Finished refused = page_out("device:" + device_.path(), {"--erase-device", device_.path()});
  ::swapoff(device_.path().c_str());
  EXPECT_EQ(refused.code, 2);
  EXPECT_NE(refused.err.find("active swap"), std::string::npos) << refused.err;
}

TEST_F(SwapDevice, MountedOneIsRefusedWhateverIsSaid) {
  if (!std::filesystem::exists("/sbin/mkfs.ext4")) GTEST_SKIP() << "no mkfs.ext4 here";
  ASSERT_EQ(std::system(("/sbin/mkfs.ext4 -q " + device_.path()).c_str()), 0);
  const std::filesystem::path mounted = place_.path() / "mounted";
  std::filesystem::create_directory(mounted);
  ASSERT_EQ(::mount(device_.path().c_str(), mounted.c_str(), "ext4", 0, ""), 0);
  const Finished refused = page_out("device:" + device_.path(), {"--erase-device", device_.path()});
  ::umount(mounted.c_str());
  EXPECT_EQ(refused.code, 2);
  EXPECT_NE(refused.err.find("mounted on " + mounted.native()), std::string::npos) << refused.err;
  const Finished unmounted = page_out("device:" + device_.path());
  EXPECT_NE(unmounted.err.find("there is something on it: ext4"), std::string::npos) << unmounted.err;
}

TEST_F(SwapDevice, HeaderThatWasThereStays) {
  const std::string header = os::make_swap_header({kSize}, os::new_uuid());
  write_first_bytes(device_.path(), header);
  const Finished done = page_out("device:" + device_.path());
  EXPECT_EQ(done.code, 0) << done.err;
  EXPECT_EQ(first_bytes(device_.path(), header.size()), header);
}

TEST_F(SwapDevice, SeveralHaveTheSamePriority) {
  const LoopDevice second(place_.path() / "disk2", kSize);
  const std::string folder = place_.new_folder();
  const pid_t tool = place_.start({"run", "unmap-churn", "--duration", "10s", "--swap",
                                   "device:" + device_.path() + "," + second.path(), "--output", folder});
  const auto areas = [] {
    std::ifstream swaps("/proc/swaps");
    std::vector<std::string> priorities;
    std::string line;
    while (std::getline(swaps, line))
      if (line.starts_with("/dev/loop")) priorities.push_back(line.substr(line.find_last_of("\t ") + 1));
    return priorities;
  };
  EXPECT_TRUE(eventually([&] { return areas().size() == 2; }));
  const std::vector<std::string> priorities = areas();
  ::kill(tool, SIGINT);
  EXPECT_EQ(place_.finish(tool).code, 128 + SIGINT);
  ASSERT_EQ(priorities.size(), 2u);
  EXPECT_EQ(priorities[0], priorities[1]);
  EXPECT_TRUE(areas().empty());
}

TEST_F(SwapDevice, KilledRunIsUndoneByRestore) {
  const pid_t tool = place_.start({"run", "unmap-churn", "--duration", "20s", "--swap",
                                   "device:" + device_.path(), "--output", place_.new_folder()});
  const auto active = [&] {
    std::ifstream swaps("/proc/swaps");
    std::stringstream text;
    text << swaps.rdbuf();
    return text.str().find(device_.path()) != std::string::npos;
  };
  EXPECT_TRUE(eventually(active));
  ::kill(tool, SIGKILL);
  place_.finish(tool);
  EXPECT_TRUE(active());
  const Finished restored = place_.run({"restore"});
  EXPECT_EQ(restored.code, 0) << restored.out << restored.err;
  EXPECT_NE(restored.out.find("swap header on " + device_.path()), std::string::npos) << restored.out;
  EXPECT_FALSE(active());
  EXPECT_TRUE(all_zero(first_bytes(device_.path(), 4096)));
}

TEST_F(SwapDevice, DeviceThatFailsInTheMiddleIsAnOutcome) {
  if (kSanitized) GTEST_SKIP() << "the sanitizer's own memory fills the device";
  const nlohmann::json trial = churn_and([&] { device_.shrink(4 << 20); });
  EXPECT_EQ(trial["outcome"], "io_error") << trial["reason"];
}

TEST_F(SwapDevice, FaultsThatTheDeviceDidNotSeeMakeTheTrialInvalid) {
  const std::filesystem::path iostats = "/sys/block/" + device_.name() + "/queue/iostats";
  const nlohmann::json trial = churn_and([&] { std::ofstream(iostats) << "0"; }, "2s", 0);
  std::ofstream(iostats) << "1";
  EXPECT_EQ(trial["outcome"], "ok");
  EXPECT_FALSE(trial["valid"]);
  const nlohmann::json check = check_of(trial, "device_io");
  EXPECT_EQ(check["grade"], "failed");
  const std::string detail = check["found"];
  for (const char* const part :
       {"major faults; pages read from swap: ", "in the whole trial ", " by the block layer"})
    EXPECT_NE(detail.find(part), std::string::npos) << detail;
}

TEST_F(SwapDevice, DeviceThatForgetsIsCaughtByTheVerification) {
  const nlohmann::json trial = churn_and([&] { device_.forget(4 << 20); }, "2s");
  EXPECT_EQ(trial["outcome"], "corrupted");
  EXPECT_GT(trial["wrong_pages"]["count"], 100) << trial;
  for (const auto& line : trial["wrong_pages"]["first"])
    EXPECT_NE(line.get<std::string>().find(": zero; "), std::string::npos) << line;
}

}  // namespace
}  // namespace tlbstorm::test

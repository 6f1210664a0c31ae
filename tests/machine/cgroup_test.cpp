// SPDX-License-Identifier: Apache-2.0
#include "harness/machine/cgroup.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

#include "harness/machine/facts.hpp"
#include "harness/machine/filesystem.hpp"
#include "harness/os/process.hpp"
#include "tests/temporary_folder.hpp"

namespace tlbstorm::machine {
namespace {

namespace fs = std::filesystem;

class CgroupTest : public ::testing::Test {
 protected:
  /// A cgroup folder with its control files.
  void make(const std::string& path, const char* controllers = "", const char* handed_down = "") const {
    const fs::path folder = root_ / ("sys/fs/cgroup" + path);
    fs::create_directories(folder);
    std::ofstream(folder / "cgroup.procs") << "";
    std::ofstream(folder / "cgroup.controllers") << controllers << "\n";
    std::ofstream(folder / "cgroup.subtree_control") << handed_down << "\n";
  }
  fs::path at(const std::string& path) const { return root_ / ("sys/fs/cgroup" + path); }
  const test::TemporaryFolder folder_of_test_;
  const fs::path root_ = folder_of_test_.path();
};

constexpr const char* kV2 =
    "30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n";
constexpr const char* kV1 =
    "30 23 0:26 / /sys/fs/cgroup rw - tmpfs tmpfs rw\n"
    "31 30 0:27 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n"
    "32 30 0:28 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
    "33 30 0:29 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n";

TEST_F(CgroupTest, V1UsesOurOwnMemoryCgroup) {
  make("/memory/jobs/7");
  make("/unified");
  const CgroupHome home = find_cgroup_home(root_, "4:memory:/jobs/7\n1:cpu:/\n0::/\n", kV1);
  EXPECT_EQ(home.version, CgroupVersion::v1);
  EXPECT_EQ(home.parent, at("/memory/jobs/7"));
}

TEST_F(CgroupTest, V1InAContainerDropsTheMountsRoot) {
  make("/memory");
  const std::string mounts = "32 30 0:28 /docker/abc /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n";
  EXPECT_EQ(find_cgroup_home(root_, "4:memory:/docker/abc\n", mounts).parent, at("/memory"));
}

TEST_F(CgroupTest, V2ClimbsToTheAncestorThatHandsMemoryDown) {
  make("", "cpu memory pids", "cpu memory pids");
  make("/user.slice", "cpu memory pids", "memory pids");
  make("/user.slice/session-1.scope", "memory pids", "");
  const CgroupHome home = find_cgroup_home(root_, "0::/user.slice/session-1.scope\n", kV2);
  EXPECT_EQ(home.version, CgroupVersion::v2);
  EXPECT_EQ(home.parent, at("/user.slice"));
  EXPECT_TRUE(hands_memory_down(home.parent));
}

TEST_F(CgroupTest, V2RootCgroupMayNeedTheControllerFirst) {
  make("", "cpu memory pids", "");
  const CgroupHome home = find_cgroup_home(root_, "0::/\n", kV2);
  EXPECT_EQ(home.parent, at(""));
  EXPECT_FALSE(hands_memory_down(home.parent));
}

TEST_F(CgroupTest, V1WinsOverAV2ThatHasNoMemoryController) {
  make("/memory");
  make("/unified", "memory", "memory");
  const CgroupHome home = find_cgroup_home(root_, "4:cpuset,memory:/\n0::/\n", kV1);
  EXPECT_EQ(home.version, CgroupVersion::v1);
  EXPECT_EQ(home.parent, at("/memory"));
}

TEST_F(CgroupTest, V1ThatIsNotThereSaysWhichFolderAndWhatToDo) {
  const CgroupHome home = find_cgroup_home(root_, "4:memory:/jobs/7\n", kV1);
  EXPECT_EQ(home.version, CgroupVersion::v1);
  EXPECT_TRUE(home.parent.empty());
  EXPECT_NE(home.reason.find(at("/memory/jobs/7").native()), std::string::npos) << home.reason;
  EXPECT_NE(home.remedy, "");
}

TEST_F(CgroupTest, V1ControllerIsMatchedAsAWholeWord) {
  make("/memory/right");
  const CgroupHome home = find_cgroup_home(root_, "5:memory2:/wrong\n4:cpu,memory:/right\n", kV1);
  EXPECT_EQ(home.parent, at("/memory/right"));
}

TEST_F(CgroupTest, V1PathMayHaveColons) {
  make("/memory/pod:a:b");
  EXPECT_EQ(find_cgroup_home(root_, "4:memory:/pod:a:b\n", kV1).parent, at("/memory/pod:a:b"));
}

TEST_F(CgroupTest, V2OfRootInASessionScopeIsTheTopWhereNothingNearerHandsMemoryDown) {
  make("", "cpu memory pids", "cpu memory pids");
  make("/user.slice", "cpu memory pids", "pids");
  make("/user.slice/user-0.slice", "pids", "pids");
  make("/user.slice/user-0.slice/session-1.scope", "pids", "");
  const CgroupHome home = find_cgroup_home(root_, "0::/user.slice/user-0.slice/session-1.scope\n", kV2);
  EXPECT_EQ(home.parent, at(""));
  EXPECT_TRUE(hands_memory_down(home.parent));
}

TEST_F(CgroupTest, V2OfADelegatedGroupStaysInIt) {
  make("", "memory", "memory");
  make("/user.slice", "memory", "memory");
  make("/user.slice/run-7.scope", "memory", "memory");
  const CgroupHome home = find_cgroup_home(root_, "0::/user.slice/run-7.scope\n", kV2);
  EXPECT_EQ(home.parent, at("/user.slice/run-7.scope"));
}

TEST_F(CgroupTest, V2InAContainerDropsTheMountsRoot) {
  make("", "memory pids", "memory pids");
  const char* const mounts = "30 23 0:26 /docker/abc /sys/fs/cgroup rw - cgroup2 cgroup rw\n";
  EXPECT_EQ(find_cgroup_home(root_, "0::/docker/abc\n", mounts).parent, at(""));
}

TEST_F(CgroupTest, V2OutsideOfItsNamespaceEndsAtTheTop) {
  make("", "memory", "memory");
  EXPECT_EQ(find_cgroup_home(root_, "0::/../../elsewhere\n", kV2).parent, at(""));
}

TEST_F(CgroupTest, V2WithoutTheMemoryControllerIsNone) {
  make("", "cpu memory_recursiveprot pids", "");
  const CgroupHome home = find_cgroup_home(root_, "0::/\n", kV2);
  EXPECT_EQ(home.version, CgroupVersion::none);
  EXPECT_NE(home.remedy.find("mount -t cgroup2"), std::string::npos) << home.remedy;
}

TEST_F(CgroupTest, MountPointMayHaveBlanks) {
  make("/a b", "memory", "memory");
  const char* const mounts = "30 23 0:26 / /sys/fs/cgroup/a\\040b rw - cgroup2 cgroup2 rw\n";
  EXPECT_EQ(find_cgroup_home(root_, "0::/\n", mounts).parent, at("/a b"));
}

TEST_F(CgroupTest, NowhereToMakeOneSaysWhyAndWhatToDo) {
  make("", "memory", "memory");
  // root may write everywhere, so the question is asked by nobody
  os::Child child = os::Child::fork(false, [this] {
    constexpr uid_t kNobody = 65534;
    fs::permissions(root_, fs::perms::others_read | fs::perms::others_exec, fs::perm_options::add);
    fs::permissions(at(""), fs::perms::owner_read | fs::perms::owner_exec | fs::perms::others_exec);
    if (::geteuid() == 0 &&
        (::setresgid(kNobody, kNobody, kNobody) != 0 || ::setresuid(kNobody, kNobody, kNobody) != 0))
      return 10;
    const CgroupHome home = find_cgroup_home(root_, "0::/\n", kV2);
    if (!home.parent.empty()) return 11;
    if (home.reason.empty()) return 12;
    return home.remedy.find("Delegate=yes") == std::string::npos ? 13 : 0;
  });
  EXPECT_EQ(child.wait().code, 0);
  fs::permissions(at(""), fs::perms::owner_all);
}

TEST_F(CgroupTest, NoMemoryControllerIsSaid) {
  const CgroupHome home = find_cgroup_home(root_, "0::/\n", "33 30 0:29 / /proc rw - proc proc rw\n");
  EXPECT_EQ(home.version, CgroupVersion::none);
  EXPECT_TRUE(home.parent.empty());
  EXPECT_FALSE(home.reason.empty());
}

TEST(Mountinfo, OptionalFieldsAndEscapesAreUnderstood) {
  const auto mounts =
      parse_mountinfo("36 35 98:0 /mnt1 /mnt\\040two rw,noatime master:1 shared:2 - ext3 /dev/root rw,x\n");
  ASSERT_EQ(mounts.size(), 1u);
  EXPECT_EQ(mounts[0].root, "/mnt1");
  EXPECT_EQ(mounts[0].mount_point, "/mnt two");
  EXPECT_EQ(mounts[0].type, "ext3");
  EXPECT_EQ(mounts[0].super_options, "rw,x");
}

TEST(FileSystem, KnowsMemoryFromDisk) {
  EXPECT_EQ(file_system_of("/proc").type, "proc");
  EXPECT_TRUE(file_system_of("/dev/shm").in_memory);
}

TEST(Swaps, AreParsedWithTheirPriorities) {
  const auto areas = parse_swaps(
      "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n/dev/nvme0n1p2 partition\t1048572\t1024\t-2\n"
      "/swap\\040file file\t\t524284\t\t0\t\t5\n");
  ASSERT_EQ(areas.size(), 2u);
  EXPECT_EQ(areas[0].path, "/dev/nvme0n1p2");
  EXPECT_EQ(areas[0].size.count, 1048572u << 10);
  EXPECT_EQ(areas[0].used.count, 1024u << 10);
  EXPECT_EQ(areas[0].priority, -2);
  EXPECT_EQ(areas[1].path, "/swap file");
}

TEST(Facts, ChoicesAreReducedAndWhatIsMissingIsLeftOut) {
  EXPECT_EQ(chosen("always [madvise] never\n"), "madvise");
  EXPECT_EQ(chosen("Y\n"), "Y");
  for (const Fact& fact : collect_facts("/no/such/root", Machine{})) {
    EXPECT_NE(fact.value, "") << fact.key;
    EXPECT_NE(fact.key, "swappiness");
  }
}

}  // namespace
}  // namespace tlbstorm::machine

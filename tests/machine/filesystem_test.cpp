// SPDX-License-Identifier: Apache-2.0
#include "harness/machine/filesystem.hpp"

#include <gtest/gtest.h>

#include <cerrno>
#include <fstream>

#include "harness/os/error.hpp"
#include "tests/temporary_folder.hpp"

namespace tlbstorm::machine {
namespace {

namespace fs = std::filesystem;

TEST(MountTable, FieldsAreFoundWithoutOptionalFieldsAndWithSeveral) {
  const auto mounts = parse_mountinfo(
      "22 1 254:0 / / rw,relatime - ext4 /dev/vda rw,discard\n"
      "23 22 0:21 / /proc rw shared:1 master:2 propagate_from:3 unbindable - proc proc rw\n");
  ASSERT_EQ(mounts.size(), 2u);
  EXPECT_EQ(mounts[0].mount_point, "/");
  EXPECT_EQ(mounts[0].type, "ext4");
  EXPECT_EQ(mounts[0].super_options, "rw,discard");
  EXPECT_EQ(mounts[1].mount_point, "/proc");
  EXPECT_EQ(mounts[1].type, "proc");
}

TEST(MountTable, EscapedBlanksAreInRootAndMountPoint) {
  const auto mounts = parse_mountinfo("36 22 8:1 /a\\040b /mnt/c\\011d rw - xfs /dev/sda1 rw\n");
  ASSERT_EQ(mounts.size(), 1u);
  EXPECT_EQ(mounts[0].root, "/a b");
  EXPECT_EQ(mounts[0].mount_point, "/mnt/c\td");
}

TEST(MountTable, LinesThatAreCutOffAreLeftOut) {
  EXPECT_TRUE(parse_mountinfo("").empty());
  EXPECT_TRUE(parse_mountinfo("36 22 8:1 / /mnt rw shared:1\n\n36 22\n").empty());
}

TEST(FileSystemOf, ProcIsItsOwnAndSharedMemoryIsInMemory) {
  const FileSystem proc = file_system_of("/proc/self/status");
  EXPECT_EQ(proc.type, "proc");
  EXPECT_EQ(proc.mount_point, "/proc");
  if (!fs::exists("/dev/shm")) GTEST_SKIP() << "there is no /dev/shm";
  EXPECT_TRUE(file_system_of("/dev/shm").in_memory);
}

TEST(FileSystemOf, LinkIsFollowedToWhereItsPagesAre) {
  const test::TemporaryFolder folder;
  fs::create_symlink("/proc", folder.path() / "link");
  EXPECT_EQ(file_system_of(folder.path() / "link").type, "proc");
}

TEST(FileSystemOf, FileIsWhereItsFolderIsAndHasRoom) {
  const test::TemporaryFolder folder;
  std::ofstream(folder.path() / "file") << "x";
  const FileSystem found = file_system_of(folder.path() / "file");
  EXPECT_EQ(found.type, file_system_of(folder.path()).type);
  EXPECT_NE(found.type, "");
  EXPECT_GT(found.free.count, 0u);
}

TEST(FileSystemOf, MissingPathIsAnErrorThatNamesIt) {
  try {
    file_system_of("/no/such/folder");
    FAIL() << "it was found";
  } catch (const os::SystemError& error) {
    EXPECT_NE(std::string(error.what()).find("/no/such/folder"), std::string::npos) << error.what();
    EXPECT_EQ(error.code(), ENOENT);
  }
}

}  // namespace
}  // namespace tlbstorm::machine

// SPDX-License-Identifier: Apache-2.0
#include "harness/os/folder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include "harness/os/error.hpp"
#include "harness/os/identity.hpp"
#include "tests/temporary_folder.hpp"

namespace tlbstorm::os {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

class FolderTest : public ::testing::Test {
 protected:
  ~FolderTest() override { ::umask(umask_); }
  static mode_t mode_of(const fs::path& path) {
    struct stat status {};
    return ::lstat(path.c_str(), &status) == 0 ? status.st_mode & 07777 : 0;
  }
  /// What it says of a folder that it refuses.
  static std::string refusal(const fs::path& path) {
    try {
      Folder::make(path);
    } catch (const Error& error) {
      return std::string(error.what()) + " | " + error.hint();
    }
    return "";
  }

  const mode_t umask_ = ::umask(022);
  const test::TemporaryFolder folder_of_test_;
  const fs::path top_ = fs::canonical(folder_of_test_.path());
};

TEST_F(FolderTest, ModesAreThoseAskedForWhateverTheUmask) {
  for (const mode_t mask : {0, 077, 0777}) {
    ::umask(mask);
    const fs::path path = top_ / std::to_string(mask) / "deeper" / "run";
    const Folder folder = Folder::make(path);
    folder.create("file");
    folder.replace("replaced", "text");
    ::umask(022);
    EXPECT_EQ(mode_of(path), 0755u);
    EXPECT_EQ(mode_of(path.parent_path()), 0755u);
    EXPECT_EQ(mode_of(path / "file"), 0644u);
    EXPECT_EQ(mode_of(path / "replaced"), 0644u);
  }
  Folder::make(top_ / "private", 0700);
  EXPECT_EQ(mode_of(top_ / "private"), 0700u);
}

TEST_F(FolderTest, RelativePathsBlanksAndDotsAreFine) {
  const fs::path before = fs::current_path();
  fs::current_path(top_);
  EXPECT_EQ(Folder::make("a folder/./with//dots/../end").real_path(), top_ / "a folder/with/end");
  EXPECT_EQ(Folder::make(".").real_path(), top_);
  fs::current_path(before);
  EXPECT_EQ(Folder::open(top_).real_path(), top_);
}

TEST_F(FolderTest, LinkAmongItsPartsIsRefusedWithTheRealPath) {
  fs::create_directory(top_ / "real");
  fs::create_symlink(top_ / "real", top_ / "link");
  EXPECT_THAT(refusal(top_ / "link"), HasSubstr("link is a link"));
  EXPECT_THAT(refusal(top_ / "link/run"), HasSubstr("give the real path: " + (top_ / "real/run").native()));
  EXPECT_TRUE(fs::is_empty(top_ / "real"));
  fs::create_symlink("loop", top_ / "loop");
  EXPECT_THAT(refusal(top_ / "loop"), HasSubstr("is a link"));
  fs::create_symlink(top_ / "nowhere", top_ / "dangling");
  EXPECT_THAT(refusal(top_ / "dangling"), HasSubstr("is a link"));
  EXPECT_FALSE(fs::exists(top_ / "nowhere"));
}

TEST_F(FolderTest, FolderInWhichOthersMayWriteIsRefused) {
  fs::create_directory(top_ / "open");
  fs::permissions(top_ / "open", fs::perms::all);
  EXPECT_THAT(refusal(top_ / "open"), HasSubstr("others may write in this folder (mode 0777)"));
  EXPECT_EQ(refusal(top_ / "open/own"), "") << "one in it is ours";
  fs::create_directory(top_ / "group");
  ASSERT_EQ(::chmod((top_ / "group").c_str(), 0770), 0);
  if (::geteuid() != 0 || ::chown((top_ / "group").c_str(), 0, 100) != 0)
    GTEST_SKIP() << "only root can give a folder to another group";
  EXPECT_THAT(refusal(top_ / "group"), HasSubstr("others may write"));
  ASSERT_EQ(::chown((top_ / "group").c_str(), 0, 0), 0);
  EXPECT_EQ(refusal(top_ / "group"), "") << "root's own group has no other member";
}

TEST_F(FolderTest, FolderOfAnotherUserIsRefusedAndItsMountNamed) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can give a folder away";
  fs::create_directory(top_ / "theirs");
  ASSERT_EQ(::chown((top_ / "theirs").c_str(), 65534, 65534), 0);
  EXPECT_THAT(refusal(top_ / "theirs"), HasSubstr("belongs to nobody, not to root ("));
  EXPECT_THAT(refusal(top_ / "theirs"), HasSubstr(" mounted on /"));
  EXPECT_EQ(refusal(top_ / "theirs/own"), "") << "what we make in it is ours";
}

TEST_F(FolderTest, FilesAreMadeAndNeverFollowedOrOverwritten) {
  const Folder folder = Folder::make(top_ / "run");
  std::ofstream(top_ / "precious") << "precious";
  fs::create_symlink(top_ / "precious", top_ / "run/samples.csv");
  fs::create_symlink(top_ / "precious", top_ / "run/run.json.new");
  fs::create_symlink(top_ / "precious", top_ / "run/run.json");
  EXPECT_THROW(folder.create("samples.csv"), SystemError);
  folder.replace("run.json", "{}");
  EXPECT_EQ(read_text(top_ / "precious"), "precious");
  EXPECT_FALSE(fs::is_symlink(top_ / "run/run.json"));
  EXPECT_EQ(read_text(top_ / "run/run.json"), "{}");
}

TEST_F(FolderTest, FolderThatIsSwappedForAnotherKeepsItsFiles) {
  const Folder folder = Folder::make(top_ / "run");
  fs::rename(top_ / "run", top_ / "moved");
  fs::create_directory(top_ / "run");
  folder.create("file");
  EXPECT_TRUE(fs::exists(top_ / "moved/file"));
  EXPECT_TRUE(fs::is_empty(top_ / "run"));
}

TEST_F(FolderTest, ReaderOfTheReplacedFileKeepsTheOldText) {
  const Folder folder = Folder::make(top_);
  folder.replace("file", "old");
  const auto reader = folder.find("file");
  folder.replace("file", "new!");
  char text[8] = {};
  EXPECT_EQ(::read(reader->get(), text, sizeof text), 3);
  EXPECT_STREQ(text, "old");
}

TEST_F(FolderTest, ReplacingThatFailsLeavesTheOldOneAndNothingBeside) {
  const Folder folder = Folder::make(top_ / "run");
  fs::create_directory(top_ / "run/file");
  EXPECT_THROW(folder.replace("file", "new"), SystemError);
  EXPECT_TRUE(fs::is_directory(top_ / "run/file"));
  EXPECT_EQ(std::distance(fs::directory_iterator(top_ / "run"), {}), 1);
}

TEST_F(FolderTest, WhatIsFoundIsARegularFile) {
  const Folder folder = Folder::make(top_);
  EXPECT_FALSE(folder.find("nothing"));
  ASSERT_EQ(::mkfifo((top_ / "fifo").c_str(), 0600), 0);
  EXPECT_THROW(folder.find("fifo"), Error);
  fs::create_symlink("fifo", top_ / "link");
  EXPECT_THROW(folder.find("link"), Error);
  fs::create_directory(top_ / "folder");
  EXPECT_THROW(folder.find("folder"), Error);
}

TEST_F(FolderTest, UnnamedFileTakesAFreeNameOnly) {
  const Folder folder = Folder::make(top_);
  const Fd file = folder.create_unnamed();
  std::ofstream(top_ / "taken") << "theirs";
  EXPECT_THROW(folder.give_name(file, "taken"), SystemError);
  folder.give_name(file, "free");
  EXPECT_EQ(identity_at(folder.fd().get(), "free"), identity_of(file));
  EXPECT_EQ(read_text(top_ / "taken"), "theirs");
}

TEST_F(FolderTest, NamedFileReplacesAFileAndNothingElse) {
  write_named_file(top_ / "report", "new");
  EXPECT_EQ(read_text(top_ / "report"), "new");
  std::ofstream(top_ / "precious") << "precious";
  fs::create_symlink(top_ / "precious", top_ / "link");
  EXPECT_THROW(write_named_file(top_ / "link", "new"), Error);
  EXPECT_THROW(write_named_file("/dev/null", "new"), Error);
  EXPECT_THROW(write_named_file(top_ / "nowhere/report", "new"), SystemError);
  EXPECT_EQ(read_text(top_ / "precious"), "precious");
}

TEST_F(FolderTest, IdentityTellsAFileFromItsSuccessor) {
  std::ofstream(top_ / "a") << "1";
  const std::string first = identity_at(AT_FDCWD, top_ / "a");
  EXPECT_TRUE(same_identity(first, identity_at(AT_FDCWD, top_ / "a")));
  fs::rename(top_ / "a", top_ / "b");
  std::ofstream(top_ / "a") << "2";
  EXPECT_FALSE(same_identity(first, identity_at(AT_FDCWD, top_ / "a")));
  EXPECT_TRUE(same_identity(first, identity_at(AT_FDCWD, top_ / "b"))) << "a name is no part of it";
  EXPECT_EQ(identity_at(AT_FDCWD, top_ / "nothing"), "");
  EXPECT_FALSE(same_identity("", "")) << "what is not there is nothing's equal";
  EXPECT_FALSE(same_identity("8:1/12/3", "9:1/12/3"));
  EXPECT_TRUE(same_identity("8:1/12/3", "9:1/12/3", false)) << "disks are numbered anew at each boot";
}

}  // namespace
}  // namespace tlbstorm::os

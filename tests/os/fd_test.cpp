// SPDX-License-Identifier: Apache-2.0
#include "harness/os/fd.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>

#include "harness/os/error.hpp"
#include "tests/temporary_folder.hpp"

namespace tlbstorm::os {
namespace {

namespace fs = std::filesystem;

bool is_open(int fd) { return ::fcntl(fd, F_GETFD) != -1; }

class FdTest : public ::testing::Test {
 protected:
  const test::TemporaryFolder folder_of_test_;
  const fs::path top_ = folder_of_test_.path();
  const fs::path file_ = top_ / "file";
};

TEST_F(FdTest, ClosesWhenDestroyedAndWhenReplaced) {
  Fd kept = Fd::open(top_, O_RDONLY);
  const int first = kept.get();
  {
    Fd other = Fd::open(top_, O_RDONLY);
    const int second = other.get();
    kept = std::move(other);
    EXPECT_EQ(kept.get(), second);
    EXPECT_FALSE(is_open(first));
  }
  const int moved = kept.get();
  EXPECT_TRUE(is_open(moved)) << "a moved-from owner closed it";
  kept.reset();
  EXPECT_FALSE(is_open(moved));
  EXPECT_FALSE(kept);
}

TEST_F(FdTest, IsNotInheritedByProgramsThatAreStarted) {
  const Fd folder = Fd::open(top_, O_RDONLY);
  std::ofstream(file_) << "x";
  const Fd below = Fd::open_at(folder, "file", O_RDONLY);
  EXPECT_NE(::fcntl(folder.get(), F_GETFD) & FD_CLOEXEC, 0);
  EXPECT_NE(::fcntl(below.get(), F_GETFD) & FD_CLOEXEC, 0);
}

TEST_F(FdTest, ReadsTextLongerThanItsBlock) {
  const std::string text(100'000, 'x');
  std::ofstream(file_) << text;
  EXPECT_EQ(read_text(file_), text);
}

TEST_F(FdTest, TryingToReadWhatIsMissingOrNoFileGivesNothing) {
  EXPECT_FALSE(try_read_text(file_));
  EXPECT_FALSE(try_read_text(top_));
  std::ofstream(file_) << "";
  EXPECT_EQ(try_read_text(file_), "");
}

TEST_F(FdTest, WritingAKernelFileNeverMakesOne) {
  EXPECT_THROW(write_text(file_, "1"), SystemError);
  EXPECT_FALSE(fs::exists(file_));
}

TEST_F(FdTest, WriteThatTheKernelRefusesNamesTheFileAndTheReason) {
  try {
    write_text("/dev/full", "1");
    FAIL() << "/dev/full took it";
  } catch (const SystemError& error) {
    EXPECT_STREQ(error.what(), "write /dev/full: No space left on device");
    EXPECT_EQ(error.code(), ENOSPC);
  }
}

}  // namespace
}  // namespace tlbstorm::os

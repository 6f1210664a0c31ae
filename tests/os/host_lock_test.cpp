// SPDX-License-Identifier: Apache-2.0
#include "harness/os/host_lock.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include "harness/os/error.hpp"
#include "harness/os/process.hpp"
#include "tests/temporary_folder.hpp"

namespace tlbstorm::os {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;
using ::testing::HasSubstr;

/// Locks in folders of the test's own. An ordinary user has no lock of root's here.
class HostLockTest : public ::testing::Test {
 protected:
  HostLockTest() {
    places_.machine = top_ / "machine.lock";
    places_.own = {top_ / "own"};
  }
  HostLock take(Nanoseconds patience = {}) {
    return HostLock::take(
        patience, [this](const LockHolder& holder) { waited_for_ = holder.text(); }, places_);
  }
  /// A process that is no ancestor of ours and holds the lock.
  Child holder() {
    int ends[2];
    if (::pipe(ends) != 0) throw std::runtime_error("pipe");
    Child child = Child::fork(false, [&] {
      const HostLock lock = take();
      static_cast<void>(::write(ends[1], "x", 1));
      for (;;) ::pause();
      return 0;
    });
    char begun = 0;
    static_cast<void>(::read(ends[0], &begun, 1));
    ::close(ends[0]);
    ::close(ends[1]);
    return child;
  }

  const test::TemporaryFolder folder_of_test_;
  const fs::path top_ = fs::canonical(folder_of_test_.path());
  HostLock::Places places_;
  std::string waited_for_;
};

TEST_F(HostLockTest, RootMakesTheMachinesLockWhateverTheUmask) {
  if (::geteuid() != 0) GTEST_SKIP() << "root's file";
  const mode_t before = ::umask(0);
  EXPECT_EQ(take().reach(), HostLock::Reach::machine);
  ::umask(before);
  struct stat status {};
  ASSERT_EQ(::stat(places_.machine.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0644u);
}

TEST_F(HostLockTest, OtherUsersLockTheirOwnUntilRootMadeTheMachines) {
  if (::geteuid() == 0) GTEST_SKIP() << "root makes the machine's";
  EXPECT_EQ(take().reach(), HostLock::Reach::user);
  EXPECT_TRUE(fs::exists(top_ / "own/tlbstorm.lock"));
}

TEST_F(HostLockTest, WithoutAPlaceNobodyIsKeptAway) {
  if (::geteuid() == 0) GTEST_SKIP() << "root makes the machine's";
  places_.own.clear();
  EXPECT_EQ(take().reach(), HostLock::Reach::nobody);
}

TEST_F(HostLockTest, SecondOneIsToldWhoHoldsIt) {
  Child first = holder();
  try {
    take();
    FAIL() << "it was given twice";
  } catch (const UsageError& error) {
    EXPECT_THAT(error.what(), HasSubstr("(pid " + std::to_string(first.pid()) + ")"));
    EXPECT_THAT(error.what(), HasSubstr("unit_tests"));
    EXPECT_THAT(error.hint(), HasSubstr("--wait"));
  }
}

TEST_F(HostLockTest, WaitsAsLongAsItIsToldAndSaysSo) {
  Child first = holder();
  EXPECT_THROW(take(milliseconds{250}), UsageError);
  EXPECT_THAT(waited_for_, HasSubstr("(pid " + std::to_string(first.pid()) + ")"));
  Child killer = Child::fork(false, [&] {
    ::usleep(200000);
    first.kill(SIGTERM);
    return 0;
  });
  EXPECT_NO_THROW(take(std::chrono::seconds{20}));
}

TEST_F(HostLockTest, HolderThatWasKilledIsWaitedForInAnyCase) {
  for (int i = 0; i < 20; ++i) {
    Child first = holder();
    first.kill(SIGKILL);  // and not reaped: it is dying, then a zombie
    EXPECT_NO_THROW(take());
  }
}

TEST_F(HostLockTest, ChildOfTheHolderWorksUnderItsLock) {
  const HostLock lock = take();
  Child child = Child::fork(false, [&] {
    Child grandchild =
        Child::fork(false, [&] { return take().reach() == HostLock::Reach::inherited ? 0 : 1; });
    return grandchild.wait().code;
  });
  EXPECT_EQ(child.wait().text(), "exit code 0");
}

TEST_F(HostLockTest, TextOfTheFileMeansNothing) {
  if (::geteuid() != 0) GTEST_SKIP() << "root's file";
  std::ofstream(places_.machine) << "pid 1, since yesterday\n";
  EXPECT_NO_THROW(take());
}

TEST_F(HostLockTest, WhatIsNoLockOfRootsIsRefused) {
  if (::geteuid() != 0) GTEST_SKIP() << "root's file";
  std::ofstream(top_ / "elsewhere") << "";
  fs::create_symlink(top_ / "elsewhere", places_.machine);
  EXPECT_THROW(take(), Error);
  fs::remove(places_.machine);
  ASSERT_EQ(::mkfifo(places_.machine.c_str(), 0644), 0);
  EXPECT_THROW(take(), Error);
  fs::remove(places_.machine);
  std::ofstream(places_.machine) << "";
  ASSERT_EQ(::chown(places_.machine.c_str(), 65534, 65534), 0);
  EXPECT_THROW(take(), Error);
}

TEST_F(HostLockTest, LockThatWasRemovedMeanwhileIsNotTheLock) {
  if (::geteuid() != 0) GTEST_SKIP() << "root's file";
  Child first = holder();
  fs::remove(places_.machine);
  EXPECT_NO_THROW(take()) << "whoever removes it has two runs at once";
  EXPECT_TRUE(fs::exists(places_.machine));
}

}  // namespace
}  // namespace tlbstorm::os

// SPDX-License-Identifier: Apache-2.0
#include "harness/os/journal.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <thread>

#include "harness/os/error.hpp"
#include "harness/os/identity.hpp"
#include "harness/os/process.hpp"
#include "harness/os/restore.hpp"
#include "harness/os/setting.hpp"
#include "harness/os/text.hpp"
#include "tests/temporary_folder.hpp"

namespace tlbstorm::os {
namespace {

namespace fs = std::filesystem;

class JournalTest : public ::testing::Test {
 protected:
  ~JournalTest() override { write_text(kernel_file_, before_); }

  fs::path ours(const char* what) const { return top_ / (own_name() + what); }
  static std::string make_file(const fs::path& path, const char* text = "") {
    std::ofstream(path) << text;
    return identity_at(AT_FDCWD, path);
  }
  int journals() const {
    std::error_code error;
    int n = 0;
    for (const auto& entry : fs::directory_iterator(state_, error)) n += entry.is_regular_file();
    return n;
  }
  /// A kernel file that an ordinary user may raise and lower again: /proc/PID/oom_score_adj of this process.
  std::string value() const { return std::string(trim(read_text(kernel_file_))); }
  std::string raised(int by) const { return std::to_string(std::stoi(before_) + by); }

  const test::TemporaryFolder folder_of_test_;
  const fs::path top_ = folder_of_test_.path();
  const fs::path state_ = top_ / "state";
  const fs::path kernel_file_ = fmt::format("/proc/{}/oom_score_adj", ::getpid());
  const std::string before_ = value();
};

TEST_F(JournalTest, ChangeIsWrittenDownBeforeItIsMadeAndForgottenWhenUndone) {
  Journal journal(state_);
  std::string seen;
  Applied applied = journal.apply({Change::Kind::file, ours(".a")}, [&] {
    for (const auto& entry : fs::directory_iterator(state_)) seen = read_text(entry.path());
    return make_file(ours(".a"));
  });
  EXPECT_NE(seen.find(ours(".a").native()), std::string::npos) << seen;
  applied.undo();
  EXPECT_FALSE(fs::exists(ours(".a")));
  EXPECT_FALSE(fs::exists(state_));
}

TEST_F(JournalTest, FailedChangeCountsAsNotMade) {
  Journal journal(state_);
  make_file(ours(".theirs"));
  EXPECT_THROW(
      journal.make({Change::Kind::file, ours(".theirs")}, []() -> std::string { throw Error("it exists"); }),
      Error);
  EXPECT_TRUE(fs::exists(ours(".theirs")));
  EXPECT_FALSE(fs::exists(state_));
}

TEST_F(JournalTest, ValuesAreWrittenBackInReverseOrder) {
  Journal journal(state_);
  for (const int by : {1, 2, 3}) set_kernel_file(journal, kernel_file_, raised(by));
  EXPECT_EQ(value(), raised(3));
  EXPECT_TRUE(journal.undo_all().empty());
  EXPECT_EQ(value(), before_);
}

TEST_F(JournalTest, WhatSomeoneElseSetMeanwhileIsLeftAndTold) {
  Journal journal(state_);
  set_kernel_file(journal, kernel_file_, raised(1));
  write_text(kernel_file_, raised(7));
  const std::vector<Trouble> troubles = journal.undo_all();
  ASSERT_EQ(troubles.size(), 1u);
  EXPECT_NE(troubles[0].what.find("someone has set it to " + raised(7)), std::string::npos)
      << troubles[0].what;
  EXPECT_EQ(value(), raised(7));
  EXPECT_FALSE(fs::exists(state_)) << "it is not told again";
}

TEST_F(JournalTest, NothingOfSomeoneElseIsRemoved) {
  make_file(top_ / "precious");
  EXPECT_EQ(undo({Change::Kind::file, top_ / "precious"}).end, Undone::End::not_ours);
  fs::create_directory(top_ / "tlbstorm-folder");
  make_file(top_ / "tlbstorm-folder/precious");
  EXPECT_EQ(undo({Change::Kind::file, top_ / "tlbstorm-folder"}).end, Undone::End::not_ours);
  EXPECT_EQ(undo({Change::Kind::folder, top_ / "tlbstorm-folder"}).end, Undone::End::not_ours);
  EXPECT_EQ(undo({Change::Kind::value, top_ / "precious", "1"}).end, Undone::End::not_ours);
  EXPECT_EQ(undo({Change::Kind::cgroup, top_ / "tlbstorm-folder"}).end, Undone::End::not_ours);
  EXPECT_TRUE(fs::exists(top_ / "precious"));
  EXPECT_TRUE(fs::exists(top_ / "tlbstorm-folder/precious"));
}

TEST_F(JournalTest, FileThatTookTheNameOfOursIsLeft) {
  Journal journal(state_);
  journal.make({Change::Kind::file, ours(".a")}, [&] { return make_file(ours(".a")); });
  fs::rename(ours(".a"), top_ / "moved");
  make_file(ours(".a"), "another's");
  const std::vector<Trouble> troubles = journal.undo_all();
  ASSERT_EQ(troubles.size(), 1u);
  EXPECT_NE(troubles[0].what.find("not the one that we made"), std::string::npos) << troubles[0].what;
  EXPECT_EQ(read_text(ours(".a")), "another's");
}

TEST_F(JournalTest, FolderIsRemovedWithAllThatIsInIt) {
  Journal journal(state_);
  journal.make({Change::Kind::folder, ours(".d")}, [&] {
    fs::create_directories(ours(".d") / "deeper");
    make_file(ours(".d") / "deeper/file");
    return identity_at(AT_FDCWD, ours(".d"));
  });
  EXPECT_TRUE(journal.undo_all().empty());
  EXPECT_FALSE(fs::exists(ours(".d")));
}

TEST_F(JournalTest, WhatCannotBeUndoneNowIsToldWithItsRemedyAndStaysWrittenDown) {
  Journal journal(state_);
  fs::create_directory(top_ / "shared");
  journal.make({Change::Kind::file, top_ / "shared/tlbstorm-a"},
               [&] { return make_file(top_ / "shared/tlbstorm-a"); });
  fs::permissions(top_ / "shared", fs::perms::all);  // a folder of everybody's is not gone into
  const std::vector<Trouble> troubles = journal.undo_all();
  ASSERT_EQ(troubles.size(), 1u);
  EXPECT_NE(troubles[0].what.find("others may write"), std::string::npos) << troubles[0].what;
  EXPECT_NE(troubles[0].remedy.find("chmod go-w"), std::string::npos) << troubles[0].remedy;
  EXPECT_NE(troubles[0].remedy.find("then: tlbstorm restore"), std::string::npos) << troubles[0].remedy;
  EXPECT_EQ(journals(), 1);
  fs::permissions(top_ / "shared", fs::perms::owner_all);
  EXPECT_EQ(restore(state_).undone.size(), 1u);
  EXPECT_FALSE(fs::exists(top_ / "shared/tlbstorm-a"));
}

TEST_F(JournalTest, ThingThatGetsItsNameLateIsUndoneByThatName) {
  Journal journal(state_);
  const fs::path late = ours(".late");  // by our pid, not the helper's
  const Change made = journal.make_apart({Change::Kind::zram_add, "", ""}, [&]() -> Change {
    return {Change::Kind::file, late, "", make_file(late)};
  });
  EXPECT_EQ(made.target, late);
  EXPECT_TRUE(journal.undo_all().empty());
  EXPECT_FALSE(fs::exists(late));
}

TEST_F(JournalTest, FailureOfAThingThatGetsItsNameLateIsToldInFull) {
  Journal journal(state_);
  try {
    journal.make_apart({Change::Kind::zram_add, "", ""},
                       []() -> Change { throw Error("no such thing", "take another"); });
    FAIL() << "no exception";
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "no such thing");
    EXPECT_EQ(error.hint(), "take another");
  }
  EXPECT_TRUE(journal.undo_all().empty());
}

TEST_F(JournalTest, KillWhileAThingGetsItsNameLeavesWhatIsNeededToTakeItBack) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  const fs::path late = ours(".late");
  Child child = Child::fork(true, [&] {
    Journal journal(state_);
    journal.make_apart({Change::Kind::zram_add, "", ""}, [&]() -> Change {
      static_cast<void>(::write(ends[1], "x", 1));
      ::usleep(300000);  // the killer is quicker
      return {Change::Kind::file, late, "", make_file(late)};
    });
    return 0;
  });
  char begun = 0;
  ASSERT_EQ(::read(ends[0], &begun, 1), 1);
  child.kill(SIGKILL);
  child.wait();
  for (int i = 0; i < 500 && restore(state_).held > 0; ++i) ::usleep(10000);  // its helper still works
  EXPECT_FALSE(fs::exists(late));
  EXPECT_FALSE(fs::exists(state_));
  ::close(ends[0]);
  ::close(ends[1]);
}

TEST_F(JournalTest, RestoreUndoesWhatAKilledProcessLeft) {
  Child child = Child::fork(false, [&] {
    Journal journal(state_);
    journal.make({Change::Kind::file, ours(".swap")}, [&] { return make_file(ours(".swap")); });
    set_kernel_file(journal, kernel_file_, raised(1));
    ::raise(SIGKILL);
    return 0;
  });
  EXPECT_TRUE(child.wait().signalled);
  EXPECT_EQ(value(), raised(1));
  const Restored restored = restore(state_);
  EXPECT_EQ(restored.undone.size(), 2u);
  EXPECT_TRUE(restored.complete());
  EXPECT_EQ(value(), before_);
  for (const auto& entry : fs::directory_iterator(top_))
    EXPECT_EQ(entry.path().extension(), "") << "left: " << entry.path();
  EXPECT_FALSE(fs::exists(state_));
}

TEST_F(JournalTest, WhatIsKeptInForceOutlivesItsJournalUntilAllIsToBeRestored) {
  for (const int by : {1, 2}) {
    Journal journal(state_);
    set_kernel_file(journal, kernel_file_, raised(by));
    journal.keep_in_force();
  }
  EXPECT_EQ(journals(), 2) << "of one process, and neither over the other";
  EXPECT_TRUE(restore(state_).undone.empty()) << "no killed run left it";
  EXPECT_EQ(value(), raised(2));
  EXPECT_EQ(restore(state_, Leftovers::all).undone.size(), 2u);
  EXPECT_EQ(value(), before_) << "the last one first";
  EXPECT_FALSE(fs::exists(state_));
}

TEST_F(JournalTest, RestoreLeavesALivingRunAlone) {
  Child child = Child::fork(false, [&] {
    Journal journal(state_);
    journal.make({Change::Kind::file, ours(".live")}, [&] { return make_file(ours(".live")); });
    for (;;) ::pause();
    return 0;
  });
  for (int i = 0; i < 200 && journals() == 0; ++i) std::this_thread::sleep_for(std::chrono::milliseconds{10});
  const Restored restored = restore(state_);
  EXPECT_EQ(restored.held, 1);
  EXPECT_TRUE(restored.undone.empty());
  EXPECT_EQ(journals(), 1);
}

TEST_F(JournalTest, StateFolderNeedsAHome) {
  const auto with = [](const char* state, const char* xdg, const char* home) {
    state == nullptr ? ::unsetenv("TLBSTORM_STATE_DIR") : ::setenv("TLBSTORM_STATE_DIR", state, 1);
    xdg == nullptr ? ::unsetenv("XDG_STATE_HOME") : ::setenv("XDG_STATE_HOME", xdg, 1);
    home == nullptr ? ::unsetenv("HOME") : ::setenv("HOME", home, 1);
  };
  Child child = Child::fork(false, [&] {
    const bool root = ::geteuid() == 0;
    with("/elsewhere", "/state", "/home/me");
    if (state_folder() != "/elsewhere") return 1;
    with("", "/state", "/home/me");  // an empty variable is none
    if (state_folder() != (root ? "/var/lib/tlbstorm" : "/state/tlbstorm")) return 2;
    with(nullptr, nullptr, "/home/me");
    if (state_folder() != (root ? "/var/lib/tlbstorm" : "/home/me/.local/state/tlbstorm")) return 3;
    with(nullptr, nullptr, nullptr);
    return state_folder().native().starts_with("/tmp") ? 4 : 0;
  });
  EXPECT_EQ(child.wait().text(), "exit code 0");
}

}  // namespace
}  // namespace tlbstorm::os

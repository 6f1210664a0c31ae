// SPDX-License-Identifier: Apache-2.0
#include "harness/os/journal.hpp"

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <fstream>
#include <thread>

#include "harness/os/error.hpp"
#include "harness/os/process.hpp"
#include "tests/temporary_folder.hpp"

namespace tlbstorm::os {
namespace {

namespace fs = std::filesystem;

class JournalTest : public ::testing::Test {
 protected:
  fs::path ours(const char* what) const { return top_ / (own_name() + what); }
  static void make_file(const fs::path& path, const char* text = "") { std::ofstream(path) << text; }
  int journals() const {
    std::error_code error;
    int n = 0;
    for (const auto& entry : fs::directory_iterator(state_, error)) n += entry.is_regular_file();
    return n;
  }

  const test::TemporaryFolder folder_of_test_;
  const fs::path top_ = folder_of_test_.path();
  const fs::path state_ = top_ / "state";
};

TEST_F(JournalTest, ChangeIsWrittenDownBeforeItIsMadeAndForgottenWhenUndone) {
  Journal journal(state_);
  std::string seen;
  Applied applied = journal.apply({Change::Kind::file, ours(".a"), ""}, [&] {
    for (const auto& entry : fs::directory_iterator(state_)) seen = read_text(entry.path());
    make_file(ours(".a"));
  });
  EXPECT_NE(seen.find(ours(".a").native()), std::string::npos) << seen;
  applied.undo();
  EXPECT_FALSE(fs::exists(ours(".a")));
  EXPECT_FALSE(fs::exists(state_));
}

TEST_F(JournalTest, FailedChangeCountsAsNotMade) {
  Journal journal(state_);
  make_file(ours(".theirs"));
  EXPECT_THROW(static_cast<void>(journal.apply({Change::Kind::file, ours(".theirs"), ""},
                                               [] { throw Error("it exists"); })),
               Error);
  EXPECT_TRUE(fs::exists(ours(".theirs")));
  EXPECT_FALSE(fs::exists(state_));
}

TEST_F(JournalTest, ValuesAreWrittenBackInReverseOrder) {
  make_file(top_ / "value", "1");
  {
    Journal journal(state_);
    Applied first =
        journal.apply({Change::Kind::value, top_ / "value", "1"}, [&] { write_text(top_ / "value", "2"); });
    Applied second =
        journal.apply({Change::Kind::value, top_ / "value", "2"}, [&] { write_text(top_ / "value", "3"); });
    EXPECT_EQ(read_text(top_ / "value"), "3");
  }
  EXPECT_EQ(read_text(top_ / "value"), "1");
}

TEST_F(JournalTest, NothingOfSomeoneElseIsRemoved) {
  make_file(top_ / "precious");
  EXPECT_THROW(undo({Change::Kind::file, top_ / "precious", ""}), Error);
  fs::create_directory(top_ / "tlbstorm-folder");
  EXPECT_THROW(undo({Change::Kind::file, top_ / "tlbstorm-folder", ""}), Error);
  EXPECT_TRUE(fs::exists(top_ / "precious"));
  EXPECT_TRUE(fs::exists(top_ / "tlbstorm-folder"));
}

TEST_F(JournalTest, RestoreUndoesWhatAKilledProcessLeft) {
  make_file(top_ / "value", "before");
  Child child = Child::fork(false, [&] {
    Journal journal(state_);
    Applied file = journal.apply({Change::Kind::file, ours(".swap"), ""}, [&] { make_file(ours(".swap")); });
    Applied value = journal.apply({Change::Kind::value, top_ / "value", "before"},
                                  [&] { write_text(top_ / "value", "after!"); });
    ::raise(SIGKILL);
    return 0;
  });
  EXPECT_TRUE(child.wait().signalled);
  EXPECT_EQ(read_text(top_ / "value"), "after!");
  const Restored restored = restore(state_);
  EXPECT_EQ(restored.undone.size(), 2u);
  EXPECT_TRUE(restored.problems.empty());
  EXPECT_EQ(read_text(top_ / "value"), "before");
  for (const auto& entry : fs::directory_iterator(top_))
    EXPECT_EQ(entry.path().extension(), "") << "left: " << entry.path();
  EXPECT_FALSE(fs::exists(state_));
}

TEST_F(JournalTest, WhatIsKeptInForceOutlivesItsJournalUntilAllIsToBeRestored) {
  make_file(top_ / "value", "before");
  for (const char* const value : {"after1", "after2"}) {
    Journal journal(state_);
    const std::string before = read_text(top_ / "value");
    const Applied change = journal.apply({Change::Kind::value, top_ / "value", before},
                                         [&] { write_text(top_ / "value", value); });
    journal.keep_in_force();
  }
  EXPECT_EQ(journals(), 2) << "of one process, and neither over the other";
  EXPECT_TRUE(restore(state_).undone.empty()) << "no killed run left it";
  EXPECT_EQ(read_text(top_ / "value"), "after2");
  EXPECT_EQ(restore(state_, Leftovers::all).undone.size(), 2u);
  EXPECT_EQ(read_text(top_ / "value"), "before") << "the last one first";
  EXPECT_FALSE(fs::exists(state_));
}

TEST_F(JournalTest, RestoreLeavesALivingRunAlone) {
  Child child = Child::fork(false, [&] {
    Journal journal(state_);
    Applied file = journal.apply({Change::Kind::file, ours(".live"), ""}, [&] { make_file(ours(".live")); });
    for (;;) ::pause();
    return 0;
  });
  for (int i = 0; i < 200 && journals() == 0; ++i) std::this_thread::sleep_for(std::chrono::milliseconds{10});
  const Restored restored = restore(state_);
  EXPECT_EQ(restored.held, 1);
  EXPECT_TRUE(restored.undone.empty());
  EXPECT_EQ(journals(), 1);
}

class WrittenJournal : public JournalTest {
 protected:
  void write(const std::string& lines, bool this_boot) const {
    fs::create_directories(state_);
    std::string boot = read_text("/proc/sys/kernel/random/boot_id");
    boot.pop_back();
    std::ofstream(state_ / "journal-999999999.jsonl")
        << R"({"boot":")" << (this_boot ? boot : "another") << "\",\"pid\":999999999}\n"
        << lines;
  }
  std::string line(int id, const char* kind, const fs::path& target, const char* before) const {
    return "{\"id\":" + std::to_string(id) + ",\"kind\":\"" + kind + "\",\"target\":\"" + target.native() +
           "\",\"before\":\"" + before + "\"}\n";
  }
};

TEST_F(WrittenJournal, AnotherBootUndoesOnlyWhatOutlivesOne) {
  make_file(top_ / "value", "new");
  make_file(ours(".file"));
  write(line(1, "value", top_ / "value", "old") + line(2, "file", ours(".file"), ""), false);
  EXPECT_EQ(restore(state_).undone.size(), 1u);
  EXPECT_EQ(read_text(top_ / "value"), "new");
  EXPECT_FALSE(fs::exists(ours(".file")));
}

TEST_F(WrittenJournal, TornLastLineIsAChangeThatWasNotMade) {
  make_file(ours(".file"));
  const std::string whole = line(1, "file", ours(".file"), "");
  write(whole.substr(0, whole.size() / 2), true);
  EXPECT_TRUE(restore(state_).undone.empty());
  EXPECT_TRUE(fs::exists(ours(".file")));
  EXPECT_EQ(journals(), 0);
}

TEST_F(WrittenJournal, UnknownKindKeepsTheJournalAndIsTold) {
  write(line(1, "from-the-future", top_ / "x", ""), true);
  const Restored restored = restore(state_);
  ASSERT_EQ(restored.problems.size(), 1u);
  EXPECT_NE(restored.problems[0].find("from-the-future"), std::string::npos);
  EXPECT_EQ(journals(), 1);
}

TEST_F(WrittenJournal, WhatCannotBeUndoneKeepsTheJournal) {
  make_file(top_ / "precious");
  write(line(1, "file", top_ / "precious", ""), true);
  EXPECT_EQ(restore(state_).problems.size(), 1u);
  EXPECT_TRUE(fs::exists(top_ / "precious"));
  EXPECT_EQ(journals(), 1);
}

}  // namespace
}  // namespace tlbstorm::os

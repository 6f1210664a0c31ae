// SPDX-License-Identifier: Apache-2.0
// What restore() makes of journals that are damaged, old, unreadable or just being written.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <fstream>

#include "harness/os/clock.hpp"
#include "harness/os/error.hpp"
#include "harness/os/journal.hpp"
#include "harness/os/mapping.hpp"
#include "harness/os/process.hpp"
#include "harness/os/swap_header.hpp"
#include "harness/os/text.hpp"
#include "tests/temporary_folder.hpp"

namespace tlbstorm::os {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class RestoreTest : public ::testing::Test {
 protected:
  static void make_file(const fs::path& path, const std::string& text = "") { std::ofstream(path) << text; }
  fs::path ours(const char* what) const { return top_ / (own_name() + what); }
  static std::string heading() {
    return fmt::format("{{\"boot\":\"{}\",\"pid\":1}}\n", trim(read_text("/proc/sys/kernel/random/boot_id")));
  }
  static std::string line(int id, const char* kind, const fs::path& target, const char* before = "") {
    return fmt::format("{{\"id\":{},\"kind\":\"{}\",\"target\":\"{}\",\"before\":\"{}\"}}\n", id, kind,
                       target.native(), before);
  }
  fs::path write(const std::string& lines, const std::string& name = "journal-999999999.jsonl") const {
    fs::create_directories(state_);
    make_file(state_ / name, heading() + lines);
    return state_ / name;
  }

  const test::TemporaryFolder folder_of_test_;
  const fs::path top_ = folder_of_test_.path();
  const fs::path state_ = top_ / "state";
};

TEST_F(RestoreTest, NothingToRestoreIsNotAProblem) {
  const Restored restored = restore(state_);
  EXPECT_THAT(restored.undone, IsEmpty());
  EXPECT_THAT(restored.problems, IsEmpty());
  EXPECT_EQ(restored.held, 0);
}

TEST_F(RestoreTest, UndoesTheNewestChangeFirst) {
  make_file(top_ / "value", "3");
  write(line(1, "value", top_ / "value", "1") + line(2, "value", top_ / "value", "2"));
  EXPECT_THAT(restore(state_).undone, SizeIs(2));
  EXPECT_EQ(read_text(top_ / "value"), "1");
}

TEST_F(RestoreTest, SaysWhatItUndid) {
  make_file(ours(".swap"));
  write(line(1, "file", ours(".swap")));
  EXPECT_THAT(restore(state_).undone, ElementsAre("file " + ours(".swap").native()));
}

TEST_F(RestoreTest, WhatWasUndoneAlreadyIsLeftAlone) {
  make_file(top_ / "value", "mine");
  write(line(1, "value", top_ / "value", "old!") + "{\"undone\":1}\n");
  EXPECT_THAT(restore(state_).undone, IsEmpty());
  EXPECT_EQ(read_text(top_ / "value"), "mine");
  EXPECT_FALSE(fs::exists(state_));
}

TEST_F(RestoreTest, TornNoteOfAnUndoIsUndoneOnceMore) {
  write(line(1, "file", ours(".gone-already")) + "{\"undo");
  const Restored restored = restore(state_);
  EXPECT_THAT(restored.problems, IsEmpty());
  EXPECT_FALSE(fs::exists(state_));
}

TEST_F(RestoreTest, WrongTargetDoesNotKeepTheOthersFromBeingUndone) {
  make_file(ours(".a"));
  write(line(1, "file", ours(".a")) + line(2, "zram", "/dev/zram") +
        line(3, "value", top_ / std::string(300, 'x'), "1"));
  Restored restored;
  ASSERT_NO_THROW(restored = restore(state_));
  EXPECT_THAT(restored.undone, ElementsAre("file " + ours(".a").native()));
  EXPECT_FALSE(fs::exists(ours(".a")));
  EXPECT_THAT(restored.problems, SizeIs(2));
  EXPECT_FALSE(fs::is_empty(state_));
}

TEST_F(RestoreTest, LineOfTheWrongFormKeepsItsJournalButNotTheOthersFromBeingUndone) {
  make_file(ours(".a"));
  const fs::path wrong = write(R"({"id":"one","kind":7,"target":[],"before":null})"
                               "\n",
                               "journal-999999998.jsonl");
  write(line(1, "file", ours(".a")));
  Restored restored;
  ASSERT_NO_THROW(restored = restore(state_));
  EXPECT_FALSE(fs::exists(ours(".a")));
  EXPECT_THAT(restored.problems, ElementsAre(HasSubstr(wrong.native())));
  EXPECT_TRUE(fs::exists(wrong));
}

TEST_F(RestoreTest, JournalOfAnotherUserIsAProblemThatNamesIt) {
  if (::geteuid() == 0) GTEST_SKIP() << "root may read every journal";
  make_file(ours(".a"));
  const fs::path theirs = write("", "journal-999999998.jsonl");
  fs::permissions(theirs, fs::perms::none);
  write(line(1, "file", ours(".a")));
  Restored restored;
  ASSERT_NO_THROW(restored = restore(state_));
  EXPECT_FALSE(fs::exists(ours(".a")));
  EXPECT_THAT(restored.problems, ElementsAre(HasSubstr(theirs.native())));
}

TEST_F(RestoreTest, TakesOffTheSwapHeaderThatWasWrittenAndNoOther) {
  const std::string uuid = "00112233445566778899aabbccddeeff", other = "ff112233445566778899aabbccddeeff";
  const std::string data(5 << 20, 'x');
  const auto with_header = [&](const std::string& whose) {
    return make_swap_header({data.size()}, whose) + data.substr(page_size().count);
  };
  make_file(top_ / "ours", with_header(uuid));
  make_file(top_ / "anothers", with_header(other));
  make_file(top_ / "small",
            make_swap_header(page_size() * 4, uuid) + std::string(3 * page_size().count, 'x'));
  write(line(1, "swap-header", top_ / "ours", uuid.c_str()) +
        line(2, "swap-header", top_ / "anothers", uuid.c_str()) +
        line(3, "swap-header", top_ / "small", uuid.c_str()));
  EXPECT_THAT(restore(state_).problems, IsEmpty());
  const std::string edge(1 << 20, '\0');
  EXPECT_EQ(read_text(top_ / "ours"), edge + std::string(3 << 20, 'x') + edge);
  EXPECT_EQ(read_text(top_ / "anothers"), with_header(other));
  EXPECT_EQ(read_text(top_ / "small"), std::string(4 * page_size().count, '\0'));
}

TEST_F(RestoreTest, JournalThatDoesNotSayWhichSwapHeaderTouchesNothing) {
  const std::string data(5 << 20, 'x');
  make_file(top_ / "data", data);
  write(line(1, "swap-header", top_ / "data", ""));
  const Restored restored = restore(state_);
  ASSERT_THAT(restored.problems, SizeIs(1));
  EXPECT_THAT(restored.problems[0], HasSubstr("the journal does not say which"));
  EXPECT_EQ(read_text(top_ / "data"), data);
}

TEST_F(RestoreTest, OtherFilesOfTheFolderAreNotTouched) {
  fs::create_directories(state_);
  make_file(state_ / "notes.txt", line(1, "file", ours(".a")));
  make_file(ours(".a"));
  restore(state_);
  EXPECT_TRUE(fs::exists(state_ / "notes.txt"));
  EXPECT_TRUE(fs::exists(ours(".a")));
}

TEST_F(RestoreTest, NewRunWithTheNumberOfAnOldOneKeepsTheOldOnesJournal) {
  make_file(top_ / "value", "new");
  write(line(1, "value", top_ / "value", "old"), fmt::format("journal-{}.jsonl", ::getpid()));
  {
    Journal journal(state_);
    Applied applied = journal.apply({Change::Kind::file, ours(".b"), ""}, [&] { make_file(ours(".b")); });
    EXPECT_TRUE(fs::exists(ours(".b")));
  }
  EXPECT_FALSE(fs::exists(ours(".b")));
  EXPECT_THAT(restore(state_).undone, SizeIs(1));
  EXPECT_EQ(read_text(top_ / "value"), "old");
}

TEST_F(RestoreTest, RunsThatComeAndGoMeanwhileAreNotDisturbed) {
  Child runs = Child::fork(false, [&] {
    for (const Nanoseconds end = now() + std::chrono::milliseconds{500}; now() < end;) {
      Journal journal(state_);
      try {
        Applied applied =
            journal.apply({Change::Kind::file, ours(".run"), ""}, [&] { make_file(ours(".run")); });
        if (!fs::exists(ours(".run"))) return 1;
      } catch (
          const SystemError&) {  // restore() held the lock or removed the empty folder: nothing was changed
        if (fs::exists(ours(".run"))) return 2;
      }
      if (!journal.problems().empty()) return 3;
    }
    return 0;
  });
  while (!runs.poll()) {
    Restored restored;
    ASSERT_NO_THROW(restored = restore(state_));
    EXPECT_THAT(restored.undone, IsEmpty());
    EXPECT_THAT(restored.problems, IsEmpty());
  }
  EXPECT_EQ(runs.wait().text(), "exit code 0");
}

}  // namespace
}  // namespace tlbstorm::os

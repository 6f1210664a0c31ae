// SPDX-License-Identifier: Apache-2.0
// What restore() makes of journals that are damaged, old, unreadable or just being written.
#include "tests/os/restore_fixture.hpp"

namespace tlbstorm::os {
namespace {

TEST_F(RestoreTest, NothingToRestoreIsNotAProblem) {
  const Restored restored = restore(state_);
  EXPECT_THAT(restored.undone, IsEmpty());
  EXPECT_TRUE(restored.complete());
  EXPECT_EQ(restored.held, 0);
}

TEST_F(RestoreTest, UndoesTheNewestChangeFirst) {
  write_text(kernel_file_, raised(3));
  write(line(1, "value", kernel_file_, before_, raised(2)) +
        line(2, "value", kernel_file_, raised(2), raised(3)));
  EXPECT_THAT(restore(state_).undone, SizeIs(2));
  EXPECT_EQ(value(), before_);
}

TEST_F(RestoreTest, SaysWhatItUndid) {
  make_file(ours(".swap"));
  write(file_line(1, ours(".swap")));
  EXPECT_THAT(restore(state_).undone, ElementsAre("file " + ours(".swap").native()));
}

TEST_F(RestoreTest, JournalOfAnOlderVersionHasNoProofs) {
  make_file(ours(".swap"));
  write_text(kernel_file_, raised(1));
  write(fmt::format(R"({{"id":1,"kind":"file","target":"{}","before":""}})", ours(".swap").native()) + "\n" +
        fmt::format(R"({{"id":2,"kind":"value","target":"{}","before":"{}"}})", kernel_file_.native(),
                    before_) +
        "\n");
  EXPECT_THAT(restore(state_).undone, SizeIs(2));
  EXPECT_FALSE(fs::exists(ours(".swap")));
  EXPECT_EQ(value(), before_);
}

TEST_F(RestoreTest, WhatWasUndoneAlreadyIsLeftAlone) {
  write_text(kernel_file_, raised(5));
  write(line(1, "value", kernel_file_, before_) + "{\"undone\":1}\n");
  EXPECT_THAT(restore(state_).undone, IsEmpty());
  EXPECT_EQ(value(), raised(5));
  EXPECT_FALSE(fs::exists(state_));
}

TEST_F(RestoreTest, ProofThatCameAfterTheChangeCounts) {
  make_file(ours(".a"));
  const std::string was = identity_at(AT_FDCWD, ours(".a"));
  fs::rename(ours(".a"), top_ / "moved");
  make_file(ours(".a"), "another's");
  write(line(1, "file", ours(".a")) + proof_line(1, was) + "\n");
  const Restored restored = restore(state_);
  EXPECT_THAT(restored.left_alone, ElementsAre(HasSubstr("not the one that we made")));
  EXPECT_TRUE(restored.complete());
  EXPECT_EQ(read_text(ours(".a")), "another's");
}

TEST_F(RestoreTest, TornNoteOfAnUndoIsUndoneOnceMore) {
  write(line(1, "file", ours(".gone-already")) + "{\"undo");
  EXPECT_TRUE(restore(state_).complete());
  EXPECT_FALSE(fs::exists(state_));
}

TEST_F(RestoreTest, TornLastLineIsAChangeThatWasNotMade) {
  make_file(ours(".file"));
  const std::string whole = file_line(1, ours(".file"));
  write(whole.substr(0, whole.size() / 2));
  EXPECT_THAT(restore(state_).undone, IsEmpty());
  EXPECT_TRUE(fs::exists(ours(".file")));
  EXPECT_FALSE(fs::exists(state_));
}

TEST_F(RestoreTest, AnotherBootUndoesOnlyWhatOutlivesOne) {
  write_text(kernel_file_, raised(1));
  make_file(ours(".file"));
  write(line(1, "value", kernel_file_, before_) + file_line(2, ours(".file")), "journal-999999999.jsonl",
        false);
  EXPECT_THAT(restore(state_).undone, SizeIs(1));
  EXPECT_EQ(value(), raised(1));
  EXPECT_FALSE(fs::exists(ours(".file")));
}

TEST_F(RestoreTest, WrongTargetDoesNotKeepTheOthersFromBeingUndone) {
  make_file(ours(".a"));
  write(file_line(1, ours(".a")) + line(2, "zram", "/dev/zram") +
        line(3, "value", top_ / std::string(300, 'x'), "1"));
  Restored restored;
  ASSERT_NO_THROW(restored = restore(state_));
  EXPECT_THAT(restored.undone, ElementsAre("file " + ours(".a").native()));
  EXPECT_FALSE(fs::exists(ours(".a")));
}

TEST_F(RestoreTest, WhatIsNotOursIsToldOnceAndNoMore) {
  make_file(top_ / "precious");
  write(line(1, "file", top_ / "precious") + line(2, "value", top_ / "precious", "1"));
  EXPECT_THAT(restore(state_).left_alone, SizeIs(2));
  EXPECT_TRUE(fs::exists(top_ / "precious"));
  EXPECT_FALSE(fs::exists(state_));
}

TEST_F(RestoreTest, FileWhoseFolderIsAnotherNowIsNotForgottenWithoutAWord) {
  fs::create_directory(top_ / "mounted");
  const std::string folder = identity_at(AT_FDCWD, top_ / "mounted");
  const auto file = [&](const char* of) {
    return line(1, "file", top_ / of / (own_name() + ".swap"), folder, "8:1/7/1.2");
  };
  write(file("mounted"));
  EXPECT_TRUE(restore(state_).complete()) << "in the folder where it was made it is not any more";
  fs::create_directory(top_ / "empty");
  write(file("empty"));
  const Restored restored = restore(state_);
  EXPECT_THAT(restored.given_up, ElementsAre(HasSubstr("its file system is not mounted now")));
  EXPECT_THAT(restore(state_).given_up, IsEmpty());
}

TEST_F(RestoreTest, WhatWasSettledIsNotToldAgainBesideWhatMayBeUndoneLater) {
  make_file(top_ / "precious");
  fs::create_directory(top_ / "shared");
  make_file(top_ / "shared/tlbstorm-a");
  fs::permissions(top_ / "shared", fs::perms::all);
  write(line(1, "file", top_ / "precious") + file_line(2, top_ / "shared/tlbstorm-a"));
  const Restored first = restore(state_);
  EXPECT_THAT(first.left_alone, SizeIs(1));
  EXPECT_THAT(first.troubles, SizeIs(1));
  const Restored second = restore(state_);
  EXPECT_THAT(second.left_alone, IsEmpty());
  EXPECT_THAT(second.troubles, SizeIs(1));
  fs::permissions(top_ / "shared", fs::perms::owner_all);
  EXPECT_THAT(restore(state_).undone, SizeIs(1));
  EXPECT_FALSE(fs::exists(state_));
}

TEST_F(RestoreTest, LineOfTheWrongFormIsToldOnceAndItsJournalKeptAside) {
  make_file(ours(".a"));
  const fs::path wrong = write(R"({"id":"one","kind":7,"target":[],"before":null})"
                               "\n",
                               "journal-999999998.jsonl");
  write(file_line(1, ours(".a")));
  Restored restored;
  ASSERT_NO_THROW(restored = restore(state_));
  EXPECT_FALSE(fs::exists(ours(".a")));
  EXPECT_THAT(restored.given_up, ElementsAre(HasSubstr(wrong.native())));
  EXPECT_TRUE(fs::exists(state_ / "damaged-journal-999999998.jsonl"));
  EXPECT_TRUE(restore(state_).complete());
}

TEST_F(RestoreTest, UnknownKindIsToldOnceAndItsJournalKeptAside) {
  write(line(1, "from-the-future", top_ / "x"));
  EXPECT_THAT(restore(state_).given_up, ElementsAre(HasSubstr("from-the-future")));
  EXPECT_TRUE(restore(state_).complete());
}

TEST_F(RestoreTest, NewRunWithTheNumberOfAnOldOneKeepsTheOldOnesJournal) {
  write_text(kernel_file_, raised(1));
  write(line(1, "value", kernel_file_, before_), fmt::format("journal-{}.jsonl", ::getpid()));
  {
    Journal journal(state_);
    journal.make({Change::Kind::file, ours(".b")}, [&] {
      make_file(ours(".b"));
      return identity_at(AT_FDCWD, ours(".b"));
    });
    EXPECT_TRUE(fs::exists(ours(".b")));
  }
  EXPECT_FALSE(fs::exists(ours(".b")));
}

TEST_F(RestoreTest, KillIsWaitedFor) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  Child run = Child::fork(false, [&] {
    Journal journal(state_);
    journal.make({Change::Kind::file, ours(".a")}, [&] {
      make_file(ours(".a"));
      return identity_at(AT_FDCWD, ours(".a"));
    });
    static_cast<void>(::write(ends[1], "x", 1));
    for (;;) ::pause();
    return 0;
  });
  char begun = 0;
  ASSERT_EQ(::read(ends[0], &begun, 1), 1);
  run.kill(SIGKILL);  // and not waited for: it may still be dying, and then it is a zombie
  const Restored restored = restore(state_);
  EXPECT_EQ(restored.held, 0);
  EXPECT_THAT(restored.undone, SizeIs(1));
  ::close(ends[0]);
  ::close(ends[1]);
}

TEST_F(RestoreTest, RunsThatComeAndGoMeanwhileAreNotDisturbed) {
  Child runs = Child::fork(false, [&] {
    for (const Nanoseconds end = now() + std::chrono::milliseconds{500}; now() < end;) {
      Journal journal(state_);
      try {
        Applied applied = journal.apply({Change::Kind::file, ours(".run")}, [&] {
          make_file(ours(".run"));
          return identity_at(AT_FDCWD, ours(".run"));
        });
        if (!fs::exists(ours(".run"))) return 1;
      } catch (
          const SystemError&) {  // restore() held the lock or removed the empty folder: nothing was changed
        if (fs::exists(ours(".run"))) return 2;
      }
      if (!journal.undo_all().empty()) return 3;
    }
    return 0;
  });
  while (!runs.poll()) {
    Restored restored;
    ASSERT_NO_THROW(restored = restore(state_));
    EXPECT_THAT(restored.undone, IsEmpty());
    for (const Trouble& trouble : restored.troubles) ADD_FAILURE() << trouble.what;
  }
  EXPECT_EQ(runs.wait().text(), "exit code 0");
}

}  // namespace
}  // namespace tlbstorm::os

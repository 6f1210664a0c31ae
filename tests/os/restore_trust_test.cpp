// SPDX-License-Identifier: Apache-2.0
// Whose journals restore() obeys, and what it never touches.
#include "tests/os/restore_fixture.hpp"

namespace tlbstorm::os {
namespace {

TEST_F(RestoreTest, JournalOfAnotherUserIsNotObeyed) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can give files away";
  make_file(ours(".a"));
  const fs::path theirs = write(file_line(1, ours(".a")));
  ASSERT_EQ(::chown(theirs.c_str(), 65534, 65534), 0);
  const Restored restored = restore(state_);
  ASSERT_THAT(restored.troubles, SizeIs(1));
  EXPECT_THAT(restored.troubles[0].what, HasSubstr("another user's"));
  EXPECT_TRUE(fs::exists(ours(".a")));
}

TEST_F(RestoreTest, JournalThatOthersMayHaveWrittenIsNotObeyed) {
  make_file(ours(".a"));
  const fs::path open = write(file_line(1, ours(".a")));
  fs::permissions(open, fs::perms::all);
  EXPECT_THAT(restore(state_).troubles, SizeIs(1));
  fs::permissions(open, fs::perms::owner_read | fs::perms::owner_write);
  fs::permissions(state_, fs::perms::all);
  EXPECT_THAT(restore(state_).troubles, SizeIs(1)) << "nor one in a folder of everybody's";
  EXPECT_TRUE(fs::exists(ours(".a")));
  fs::permissions(state_, fs::perms::owner_all);
  EXPECT_THAT(restore(state_).undone, SizeIs(1));
}

TEST_F(RestoreTest, WhatIsNoJournalDoesNotHangOrLeadElsewhere) {
  fs::create_directories(state_);
  ASSERT_EQ(::mkfifo((state_ / "journal-1.jsonl").c_str(), 0600), 0);
  make_file(ours(".a"));
  make_file(top_ / "elsewhere", heading() + file_line(1, ours(".a")));
  fs::create_symlink(top_ / "elsewhere", state_ / "journal-2.jsonl");
  fs::create_directory(state_ / "journal-3.jsonl");
  EXPECT_THAT(restore(state_).troubles, SizeIs(3));
  EXPECT_TRUE(fs::exists(ours(".a")));
}

TEST_F(RestoreTest, LinkInPlaceOfTheFolderIsNotFollowed) {
  make_file(ours(".a"));
  write(file_line(1, ours(".a")));
  fs::rename(state_, top_ / "elsewhere");
  fs::create_symlink(top_ / "elsewhere", state_);
  EXPECT_THAT(restore(state_).troubles, SizeIs(1));
  EXPECT_TRUE(fs::exists(ours(".a")));
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
  write(line(1, "swap-header", top_ / "ours", uuid) + line(2, "swap-header", top_ / "anothers", uuid) +
        line(3, "swap-header", top_ / "small", uuid));
  EXPECT_TRUE(restore(state_).complete());
  const std::string edge(1 << 20, '\0');
  EXPECT_EQ(read_text(top_ / "ours"), edge + std::string(3 << 20, 'x') + edge);
  EXPECT_EQ(read_text(top_ / "anothers"), with_header(other));
  EXPECT_EQ(read_text(top_ / "small"), std::string(4 * page_size().count, '\0'));
}

TEST_F(RestoreTest, JournalThatDoesNotSayWhichSwapHeaderTouchesNothing) {
  const std::string data(5 << 20, 'x');
  make_file(top_ / "data", data);
  write(line(1, "swap-header", top_ / "data"));
  EXPECT_THAT(restore(state_).given_up, ElementsAre(HasSubstr("the journal does not say which")));
  EXPECT_EQ(read_text(top_ / "data"), data);
}

TEST_F(RestoreTest, OtherFilesOfTheFolderAreNotTouched) {
  fs::create_directories(state_);
  make_file(ours(".a"));
  make_file(state_ / "notes.txt", file_line(1, ours(".a")));
  restore(state_);
  EXPECT_TRUE(fs::exists(state_ / "notes.txt"));
  EXPECT_TRUE(fs::exists(ours(".a")));
}

}  // namespace
}  // namespace tlbstorm::os

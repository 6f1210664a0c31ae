// SPDX-License-Identifier: Apache-2.0
#include "harness/os/error.hpp"

#include <gtest/gtest.h>

#include <cerrno>

namespace tlbstorm::os {
namespace {

TEST(Error, HasAHintOnlyIfOneIsGiven) {
  EXPECT_EQ(Error("it failed").hint(), "");
  EXPECT_EQ(Error("it failed", "try again").hint(), "try again");
  EXPECT_STREQ(Error("it failed", "try again").what(), "it failed");
}

TEST(Error, UsageNamesOptionValueAndProblem) {
  const UsageError error("--memory", "3X", "not a size", "give a size such as 512M");
  EXPECT_STREQ(error.what(), "--memory 3X: not a size");
  EXPECT_EQ(error.hint(), "give a size such as 512M");
}

TEST(Error, EmptyValueIsSeen) {
  EXPECT_STREQ(UsageError("--memory", "", "not a size", "").what(), "--memory '': not a size");
}

TEST(Error, RefusalOfAPartNamesTheWhole) {
  try {
    part_of("--swap", "zram:3X", "3X",
            [](std::string_view part) { throw UsageError("--swap", part, "not a size", "give 1G"); });
    ADD_FAILURE();
  } catch (const UsageError& error) {
    EXPECT_STREQ(error.what(), "--swap zram:3X: '3X': not a size");
    EXPECT_EQ(error.hint(), "give 1G");
  }
}

TEST(Error, SystemErrorNamesOperationPathAndReason) {
  const SystemError error("open", "/proc/swaps", EACCES, "run as root");
  EXPECT_STREQ(error.what(), "open /proc/swaps: Permission denied");
  EXPECT_EQ(error.code(), EACCES);
  EXPECT_EQ(error.hint(), "run as root");
}

TEST(Error, EveryKindIsCaughtAsAnError) {
  EXPECT_THROW(throw SystemError("open", "x", ENOENT), Error);
  EXPECT_THROW(throw UsageError("--x", "y", "wrong", "right"), Error);
}

TEST(Error, UnknownErrnoStillHasAText) { EXPECT_NE(errno_text(99999), ""); }

}  // namespace
}  // namespace tlbstorm::os

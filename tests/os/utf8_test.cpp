// SPDX-License-Identifier: Apache-2.0
#include "harness/os/utf8.hpp"

#include <gtest/gtest.h>

namespace tlbstorm::os {
namespace {

TEST(Utf8, TextsOfEveryLengthAreUtf8) {
  for (const char* const text :
       {"", "plain", "\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x90\xa7", "\xf4\x8f\xbf\xbf", "a\xc2\x80z"})
    EXPECT_TRUE(is_utf8(text)) << text;
}

TEST(Utf8, OtherBytesAreNot) {
  for (const char* const text : {"\xff", "\xe9t\xe9", "\x80", "\xc3", "\xe2\x82", "\xc0\xaf", "\xe0\x80\xaf",
                                 "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xf8\x88\x80\x80\x80"})
    EXPECT_FALSE(is_utf8(text));
}

}  // namespace
}  // namespace tlbstorm::os

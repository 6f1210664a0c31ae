// SPDX-License-Identifier: Apache-2.0
#include "harness/os/swap_header.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>

#include "harness/os/mapping.hpp"

namespace tlbstorm::os {
namespace {

const std::string kUuid = "0123456789abcdef0123456789abcdef";

TEST(SwapHeader, IsAPageAsMkswapWritesIt) {
  const std::string header = make_swap_header(1_MiB, kUuid);
  ASSERT_EQ(header.size(), page_size().count);
  EXPECT_EQ(header.substr(header.size() - 10), "SWAPSPACE2");
  std::uint32_t words[3];
  std::memcpy(words, header.data() + 1024, sizeof words);
  EXPECT_EQ(words[0], 1u) << "version";
  EXPECT_EQ(words[1], (1_MiB).count / page_size().count - 1) << "last page";
  EXPECT_EQ(words[2], 0u) << "bad pages";
  EXPECT_EQ(header[1024 + 12], '\x01') << "UUID";
  EXPECT_EQ(header.substr(1024 + 28, 8), "tlbstorm") << "label";
}

TEST(SwapHeader, TellsItsUuid) { EXPECT_EQ(swap_header_uuid(make_swap_header(1_MiB, kUuid)), kUuid); }

TEST(SwapHeader, IsNoneWithoutOurLabelOrTheMagic) {
  std::string foreign = make_swap_header(1_MiB, kUuid);
  foreign[1024 + 28] = 'X';
  EXPECT_EQ(swap_header_uuid(foreign), "");
  std::string torn = make_swap_header(1_MiB, kUuid);
  torn.back() = '1';
  EXPECT_EQ(swap_header_uuid(torn), "");
  EXPECT_EQ(swap_header_uuid(std::string(page_size().count, '\0')), "");
  EXPECT_EQ(swap_header_uuid("SWAPSPACE2"), "");
}

TEST(SwapHeader, NewUuidsDiffer) {
  EXPECT_EQ(new_uuid().size(), 32u);
  EXPECT_NE(new_uuid(), new_uuid());
}

}  // namespace
}  // namespace tlbstorm::os

// SPDX-License-Identifier: Apache-2.0
#include "harness/machine/swap.hpp"

#include <gtest/gtest.h>

#include <fstream>

#include "tests/temporary_folder.hpp"

namespace tlbstorm::machine {
namespace {

constexpr const char* kHeading = "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n";

TEST(SwapAreas, NoneAreInUseBelowTheHeadingAlone) {
  EXPECT_TRUE(parse_swaps(kHeading).empty());
  EXPECT_TRUE(parse_swaps("").empty());
}

TEST(SwapAreas, EveryFieldIsRead) {
  const auto areas = parse_swaps(std::string(kHeading) + "/dev/zram0   partition\t2097148\t\t512\t\t32767\n");
  ASSERT_EQ(areas.size(), 1u);
  EXPECT_EQ(areas[0].path, "/dev/zram0");
  EXPECT_EQ(areas[0].type, "partition");
  EXPECT_EQ(areas[0].size, os::Bytes{2097148u * 1024ull});
  EXPECT_EQ(areas[0].used, os::Bytes{512u * 1024ull});
  EXPECT_EQ(areas[0].priority, 32767);
}

TEST(SwapAreas, AreaLargerThanFourGibibytesKeepsItsSize) {
  const auto areas = parse_swaps(std::string(kHeading) + "/swap file 17179869180 0 -2\n");
  ASSERT_EQ(areas.size(), 1u);
  EXPECT_EQ(areas[0].size.count, 17179869180ull << 10);
}

TEST(SwapAreas, DeletedFileIsStillAnArea) {
  const auto areas = parse_swaps(std::string(kHeading) + "/var/swap\\040(deleted) file\t\t1020\t\t0\t\t-3\n");
  ASSERT_EQ(areas.size(), 1u);
  EXPECT_EQ(areas[0].path, "/var/swap (deleted)");
  EXPECT_EQ(areas[0].type, "file");
}

TEST(SwapAreas, LinesWithoutNumbersAreLeftOut) {
  const auto areas = parse_swaps(std::string(kHeading) + "/a file x 0 1\n\n/b file 8\n/c file 8 0 1\n");
  ASSERT_EQ(areas.size(), 1u);
  EXPECT_EQ(areas[0].path, "/c");
}

TEST(SwapAreas, AreAsManyAsTheKernelsConfigurationLeaves) {
  EXPECT_EQ(most_swap_areas(""), 32u) << "not known: what no kernel exceeds";
  EXPECT_EQ(most_swap_areas("CONFIG_MIGRATION=y\n"), 30u) << "before Linux 5.19";
  EXPECT_EQ(most_swap_areas("CONFIG_MIGRATION=y\n# CONFIG_DEVICE_PRIVATE is not set\n"
                            "CONFIG_PTE_MARKER_UFFD_WP=y\n"),
            28u)
      << "as the 29th is refused by such a kernel of version 6.18";
  EXPECT_EQ(most_swap_areas("CONFIG_MIGRATION=y\nCONFIG_MEMORY_FAILURE=y\nCONFIG_DEVICE_PRIVATE=y\n"
                            "CONFIG_PTE_MARKER=y\n"),
            24u);
}

TEST(ZramAlgorithms, AreThoseOfAnyDevice) {
  const test::TemporaryFolder block;
  EXPECT_TRUE(zram_algorithms(block.path()).empty());
  std::filesystem::create_directories(block.path() / "sda");
  std::filesystem::create_directories(block.path() / "zram3");
  { std::ofstream(block.path() / "zram3/comp_algorithm") << "lzo-rle lzo [lz4] zstd \n"; }
  EXPECT_EQ(zram_algorithms(block.path()), (std::vector<std::string>{"lzo-rle", "lzo", "lz4", "zstd"}));
}

TEST(UnescapePath, TurnsOctalCodesIntoTheirCharacters) {
  EXPECT_EQ(unescape_path("a\\040b\\011c\\012d\\134e"), "a b\tc\nd\\e");
  EXPECT_EQ(unescape_path("\\040"), " ");
  EXPECT_EQ(unescape_path("/plain/path"), "/plain/path");
}

TEST(UnescapePath, LeavesWhatIsNoCode) {
  EXPECT_EQ(unescape_path("a\\04"), "a\\04");
  EXPECT_EQ(unescape_path("\\"), "\\");
  EXPECT_EQ(unescape_path("\\089"), "\\089");
}

}  // namespace
}  // namespace tlbstorm::machine

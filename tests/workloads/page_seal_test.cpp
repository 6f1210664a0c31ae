// SPDX-License-Identifier: Apache-2.0
#include "workloads/page_seal.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <set>
#include <vector>

#include "workloads/random.hpp"

namespace tlbstorm::workloads {
namespace {

using testing::Not;

constexpr std::size_t kBytes = 4096;
constexpr std::size_t kSector = 512;
constexpr std::uint64_t kAddress = 0x7000;

/// A page's words, and as bytes what the sealer wants.
struct Page {
  std::vector<std::uint64_t> words;

  explicit Page(std::size_t bytes = kBytes) : words(bytes / sizeof(std::uint64_t), 0xa5a5a5a5a5a5a5a5) {}
  std::byte* data() { return reinterpret_cast<std::byte*>(words.data()); }
  std::size_t zeros() const {
    return static_cast<std::size_t>(std::count(words.begin(), words.end(), std::uint64_t{0}));
  }
};

Page sealed(const PageSealer& sealer, std::uint64_t address = kAddress, std::uint32_t version = 0,
            std::size_t bytes = kBytes) {
  Page page(bytes);
  sealer.fill(page.data(), address);
  for (std::uint32_t v = 0; v < version; ++v) sealer.set_version(page.data(), v, v + 1);
  return page;
}

TEST(PageSeal, IsRightWhenJustFilled) {
  for (const double ratio : {1.0, 2.5, 4.0, 1000.0}) {
    const PageSealer sealer({.seed = 7, .compress_ratio = ratio}, kBytes);
    for (const std::uint64_t address : {std::uint64_t{0}, kAddress, std::uint64_t{1} << 40})
      EXPECT_TRUE(sealer.is_right(sealed(sealer, address).data(), address, 0)) << ratio << " " << address;
  }
}

TEST(PageSeal, FitsLargerPagesToo) {
  constexpr std::size_t kLarge = 65536;
  const PageSealer sealer({}, kLarge);
  Page page = sealed(sealer, kAddress, 3, kLarge);
  EXPECT_TRUE(sealer.is_right(page.data(), kAddress, 3));
  page.words.back() ^= 1;
  EXPECT_FALSE(sealer.is_right(page.data(), kAddress, 3));
}

TEST(PageSeal, StaysRightThroughManyVersions) {
  const PageSealer sealer({}, kBytes);
  Page page = sealed(sealer);
  for (std::uint32_t version = 0; version < 5000; ++version) {
    sealer.set_version(page.data(), version, version + 1);
    ASSERT_TRUE(sealer.is_right(page.data(), kAddress, version + 1)) << version;
  }
}

TEST(PageSeal, StaysRightWhenVersionsJumpOrGoBack) {
  const PageSealer sealer({}, kBytes);
  Page page = sealed(sealer);
  sealer.set_version(page.data(), 0, ~std::uint32_t{0});
  EXPECT_TRUE(sealer.is_right(page.data(), kAddress, ~std::uint32_t{0}));
  sealer.set_version(page.data(), ~std::uint32_t{0}, 5);
  EXPECT_EQ(page.words, sealed(sealer, kAddress, 5).words);
}

TEST(PageSeal, HasTheByteThatATimedWriteStoresInEveryPage) {
  const PageSealer sealer({.compress_ratio = 2, .zero_pages = 0.5, .owner = ~std::uint64_t{0}}, kBytes);
  for (std::uint64_t i = 0; i < 600; ++i)
    ASSERT_EQ(*sealed(sealer, i * kBytes, 2).data(), PageSealer::kFirstByte) << i;
}

TEST(PageSeal, HeadSaysAddressVersionAndOwner) {
  const PageSealer ours({.owner = std::uint64_t{7} << 32}, kBytes),
      others({.owner = std::uint64_t{8} << 32}, kBytes);
  Page page = sealed(ours, kAddress, 3);
  const PageSealer::Head head = ours.head_of(page.data() + 2 * kSector);
  EXPECT_EQ(head.address, kAddress + 2 * kSector);
  EXPECT_EQ(head.version, 3u);
  EXPECT_TRUE(head.ours);
  EXPECT_FALSE(others.head_of(page.data()).ours);
}

TEST(PageSeal, CatchesThePageOfAnotherOwnerThatIsElseTheSame) {
  // Also where data is all but zero, and of a single sector.
  for (const double ratio : {1.0, 1000.0}) {
    const PageSealer ours({.compress_ratio = ratio, .owner = new_owner()}, kBytes);
    const PageSealer others({.compress_ratio = ratio, .owner = new_owner()}, kBytes);
    const Page other = sealed(others, kAddress, 4);
    for (std::size_t sector = 0; sector < kBytes / kSector; ++sector) {
      Page page = sealed(ours, kAddress, 4);
      std::memcpy(page.data() + sector * kSector, other.words.data() + sector * kSector / 8, kSector);
      EXPECT_FALSE(ours.is_right(page.data(), kAddress, 4)) << sector;
    }
  }
}

TEST(PageSeal, OwnersAreAllDifferent) {
  std::set<std::uint64_t> owners, halves;
  for (int i = 0; i < 100; ++i) {
    const std::uint64_t owner = new_owner();
    owners.insert(owner);
    halves.insert(owner >> 32);
  }
  EXPECT_EQ(owners.size(), 100u);
  EXPECT_GE(halves.size(), 99u);
}

TEST(PageSeal, NewVersionDoesNotHideWhatIsWrong) {
  const PageSealer sealer({.seed = 3, .compress_ratio = 2}, kBytes);
  for (std::size_t word = 0; word < kBytes / 8; ++word) {
    Page page = sealed(sealer, kAddress, 2);
    page.words[word] ^= std::uint64_t{1} << (word * 7 % 64);
    sealer.set_version(page.data(), 2, 3);
    ASSERT_FALSE(sealer.is_right(page.data(), kAddress, 3)) << word;
  }
}

TEST(PageSeal, CatchesAnotherVersion) {
  const PageSealer sealer({}, kBytes);
  Page page = sealed(sealer, kAddress, 5);
  for (const std::uint32_t version : {0u, 4u, 6u})
    EXPECT_FALSE(sealer.is_right(page.data(), kAddress, version)) << version;
}

TEST(PageSeal, CatchesAnOlderPageWhoseFirstSectorIsNew) {
  const PageSealer sealer({}, kBytes);
  Page page = sealed(sealer, kAddress, 4);
  std::memcpy(page.data(), sealed(sealer, kAddress, 5).data(), kSector);
  EXPECT_FALSE(sealer.is_right(page.data(), kAddress, 5));
}

TEST(PageSeal, CatchesThePageOfAnotherAddress) {
  const PageSealer sealer({}, kBytes);
  Page page = sealed(sealer);
  EXPECT_FALSE(sealer.is_right(page.data(), kAddress + kBytes, 0));
  EXPECT_FALSE(sealer.is_right(page.data(), kAddress - kBytes, 0));
}

TEST(PageSeal, CatchesAPageThatIsAllZeroOrAllOne) {
  const PageSealer sealer({}, kBytes);
  for (const std::uint64_t word : {std::uint64_t{0}, ~std::uint64_t{0}}) {
    Page page;
    std::fill(page.words.begin(), page.words.end(), word);
    EXPECT_FALSE(sealer.is_right(page.data(), kAddress, 0));
    EXPECT_FALSE(sealer.is_right(page.data(), 0, 0));
  }
}

TEST(PageSeal, CatchesEveryFlippedBitOfEveryWord) {
  for (const double ratio : {1.0, 4.0}) {
    const PageSealer sealer({.seed = 3, .compress_ratio = ratio}, kBytes);
    Page page = sealed(sealer, kAddress, 2);
    ASSERT_TRUE(sealer.is_right(page.data(), kAddress, 2));
    for (std::uint64_t& word : page.words)
      for (int bit = 0; bit < 64; ++bit) {
        word ^= std::uint64_t{1} << bit;
        ASSERT_FALSE(sealer.is_right(page.data(), kAddress, 2)) << &word - page.words.data() << ":" << bit;
        word ^= std::uint64_t{1} << bit;
      }
  }
}

TEST(PageSeal, CatchesAnEvenNumberOfFlippedHighBits) {
  // What a sum of products lets through: 2^63 times an odd number, twice, is 0 modulo 2^64.
  const PageSealer sealer({.seed = 3, .compress_ratio = 4}, kBytes);
  Page page = sealed(sealer);
  for (const int bit : {61, 62, 63})
    for (std::size_t i = 0; i + 1 < page.words.size(); ++i)
      for (const std::size_t j : {i + 1, page.words.size() - 1 - i}) {
        if (i == j) continue;
        for (const std::size_t word : {i, j}) page.words[word] ^= std::uint64_t{1} << bit;
        ASSERT_FALSE(sealer.is_right(page.data(), kAddress, 0)) << i << " " << j << ":" << bit;
        for (const std::size_t word : {i, j}) page.words[word] ^= std::uint64_t{1} << bit;
      }
}

TEST(PageSeal, CatchesTwoWordsThatChangedPlaces) {
  const PageSealer sealer({}, kBytes);
  for (std::size_t i = 3; i + 1 < kSector / 8; ++i) {
    Page page = sealed(sealer);
    std::swap(page.words[i], page.words[i + 1]);
    ASSERT_FALSE(sealer.is_right(page.data(), kAddress, 0)) << i;
  }
}

TEST(PageSeal, CatchesEveryWayToTearAPageBetweenTwoVersions) {
  const PageSealer sealer({.seed = 1, .compress_ratio = 4}, kBytes);
  const Page older = sealed(sealer, kAddress, 8), newer = sealed(sealer, kAddress, 9);
  for (unsigned sectors = 1; sectors < (1u << (kBytes / kSector)) - 1; ++sectors) {
    Page torn = older;
    for (std::size_t i = 0; i < torn.words.size(); ++i)
      if ((sectors >> (i * 8 / kSector) & 1) != 0) torn.words[i] = newer.words[i];
    ASSERT_FALSE(sealer.is_right(torn.data(), kAddress, 8)) << sectors;
    ASSERT_FALSE(sealer.is_right(torn.data(), kAddress, 9)) << sectors;
  }
}

TEST(PageSeal, CatchesASectorOfAnotherPage) {
  const PageSealer sealer({}, kBytes);
  const Page other = sealed(sealer, kAddress + kBytes);
  for (std::size_t sector = 0; sector < kBytes / kSector; ++sector) {
    Page page = sealed(sealer);
    std::memcpy(page.data() + sector * kSector, other.words.data() + sector * kSector / 8, kSector);
    EXPECT_FALSE(sealer.is_right(page.data(), kAddress, 0)) << sector;
  }
}

TEST(PageSeal, FollowsFromSeedAndAddressAlone) {
  EXPECT_EQ(sealed(PageSealer({.seed = 5}, kBytes)).words, sealed(PageSealer({.seed = 5}, kBytes)).words);
  EXPECT_NE(sealed(PageSealer({.seed = 5}, kBytes)).words, sealed(PageSealer({.seed = 6}, kBytes)).words);
}

TEST(ZeroPages, AreAllZeroAndRightOnlySo) {
  const PageSealer sealer({.seed = 1, .compress_ratio = 1, .zero_pages = 1}, kBytes);
  ASSERT_TRUE(sealer.is_zero(kAddress));
  Page page = sealed(sealer);
  EXPECT_EQ(page.zeros(), page.words.size());
  EXPECT_TRUE(sealer.is_right(page.data(), kAddress, 0));
  for (std::uint64_t& word : page.words) {
    word = 1;
    ASSERT_FALSE(sealer.is_right(page.data(), kAddress, 0));
    word = 0;
  }
}

TEST(ZeroPages, AreAboutTheShareThatWasAskedFor) {
  constexpr int kPages = 20000;
  for (const double share : {0.0, 0.1, 0.5, 0.9, 1.0})
    for (const std::uint64_t seed : {1u, 2u, 12345u}) {
      const PageSealer sealer({.seed = seed, .compress_ratio = 1, .zero_pages = share}, kBytes);
      int zero = 0;
      for (std::uint64_t i = 0; i < kPages; ++i) zero += sealer.is_zero(i * kBytes) ? 1 : 0;
      EXPECT_NEAR(static_cast<double>(zero) / kPages, share, share == 0 || share == 1 ? 0 : 0.02)
          << "seed " << seed;
    }
}

TEST(ZeroPages, AreTheOnesThatFillLeavesZero) {
  const PageSealer sealer({.seed = 1, .compress_ratio = 1, .zero_pages = 0.5}, kBytes);
  for (std::uint64_t i = 0; i < 200; ++i)
    EXPECT_EQ(sealed(sealer, i * kBytes).zeros() == kBytes / 8, sealer.is_zero(i * kBytes)) << i;
}

TEST(CompressRatio, IsTheShareOfWordsThatAreNotZero) {
  const auto zeros = [](double ratio) {
    return sealed(PageSealer({.seed = 1, .compress_ratio = ratio}, kBytes), kAddress, 1).zeros();
  };
  EXPECT_EQ(zeros(1), 0u);
  EXPECT_NEAR(static_cast<double>(zeros(2)), 512 * 0.5, 20);
  EXPECT_NEAR(static_cast<double>(zeros(4)), 512 * 0.75, 20);
}

TEST(CompressRatio, LeavesNoPageSameFilled) {
  // zram and zswap keep a page that repeats one word as that word alone: drivers/block/zram/zram_drv.c
  // (page_same_filled).
  for (const double ratio : {1.0, 4.0, 1000.0}) {
    const PageSealer sealer({.seed = 1, .compress_ratio = ratio}, kBytes);
    for (std::uint64_t i = 0; i < 100; ++i) {
      const Page page = sealed(sealer, i * kBytes);
      EXPECT_THAT(page.words, Not(testing::Each(page.words.front()))) << ratio << " " << i;
    }
  }
}

TEST(CompressRatio, LeavesNoTwoPagesAlike) {
  const PageSealer sealer({.seed = 1, .compress_ratio = 4}, kBytes);
  std::vector<std::vector<std::uint64_t>> data;
  for (std::uint64_t i = 0; i < 200; ++i) {
    const Page page = sealed(sealer, i * kBytes);
    data.emplace_back(page.words.begin() + 3, page.words.begin() + 20);
  }
  std::sort(data.begin(), data.end());
  EXPECT_EQ(std::adjacent_find(data.begin(), data.end()), data.end());
}

}  // namespace
}  // namespace tlbstorm::workloads

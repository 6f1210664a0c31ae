// SPDX-License-Identifier: Apache-2.0
// A thousand corruptions of many kinds, each found and called by its name, and no right page accused.
#include "workloads/page_damage.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "tests/workloads/corruptions.hpp"

namespace tlbstorm::workloads {
namespace {

using test::Instead;
using test::PageBytes;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr std::size_t kBytes = 4096;
constexpr std::size_t kSector = PageSealer::kSectorBytes;
constexpr std::uint64_t kAddress = 0x7000;
constexpr std::uint32_t kVersion = 9;

PageBytes sealed(const PageSealer& sealer, std::uint64_t address = kAddress,
                 std::uint32_t version = kVersion) {
  PageBytes page(sealer.page_bytes());
  sealer.fill(page.data(), address, version);
  return page;
}

TEST(Corruptions, AThousandAreFoundAndNoRightPageIsAccused) {
  constexpr int kCorruptions = 1000;
  Random random(15);
  std::map<std::string_view, int> missed;
  int found = 0, accused = 0;
  for (int i = 0; i < kCorruptions; ++i) {
    const double ratio = std::array{1.0, 2.5, 40.0}[random.below(3)];
    const PageSealer sealer({.seed = random.next(), .compress_ratio = ratio, .owner = random.next()}, kBytes);
    const PageSealer other_trial({.seed = 1, .compress_ratio = ratio, .owner = random.next()}, kBytes);
    const std::uint64_t address = random.below(1 << 20) * kBytes;
    const auto version = static_cast<std::uint32_t>(1 + random.below(1000));
    PageBytes page = sealed(sealer, address, version);
    accused += sealer.is_right(page.data(), address, version) ? 0 : 1;
    const Instead instead{sealed(sealer, address, version - 1), sealed(sealer, address + kBytes, version),
                          sealed(other_trial, address, version)};
    const test::Corruption& kind =
        test::corruption::kAll[static_cast<std::size_t>(i) % test::corruption::kAll.size()];
    test::corruption::apply(kind, page, instead, random);
    sealer.is_right(page.data(), address, version) ? ++missed[kind.name] : ++found;
  }
  EXPECT_EQ(found, kCorruptions);
  EXPECT_EQ(accused, 0);
  for (const auto& [kind, count] : missed) ADD_FAILURE() << count << " missed: " << kind;
}

TEST(Corruptions, OfZeroPagesAreFound) {
  const PageSealer sealer({.zero_pages = 1}, kBytes);
  const PageSealer sealed_ones({}, kBytes);
  for (std::size_t bit = 0; bit < kBytes * 8; ++bit) {
    PageBytes page(kBytes);
    test::corruption::flip(page, bit);
    ASSERT_FALSE(sealer.is_right(page.data(), kAddress, 0)) << bit;
  }
  EXPECT_FALSE(sealer.is_right(sealed(sealed_ones).data(), kAddress, 0));
}

class Damage : public ::testing::Test {
 protected:
  std::string described(const PageBytes& found, std::uint64_t address = kAddress) const {
    return describe(sealer_, {found, sealed(sealer_, address), address, kVersion});
  }
  PageBytes mixed(const PageBytes& other, std::size_t first, std::size_t last) const {
    PageBytes page = sealed(sealer_);
    test::corruption::copy(page, first * kSector, other, first * kSector, (last - first + 1) * kSector);
    return page;
  }
  const PageSealer sealer_{{.seed = 2, .owner = 0x1234567800000000}, kBytes};
};

TEST_F(Damage, NamesPlaceVersionExpectedAndFoundInOneLine) {
  PageBytes page = sealed(sealer_);
  page[2401] ^= std::byte{0x10};
  std::uint64_t expected = 0;
  std::memcpy(&expected, sealed(sealer_).data() + 2400, sizeof expected);
  EXPECT_EQ(
      described(page),
      fmt::format("0x7000: bits flipped: 1; version 9 was written; 1 of 4096 bytes differ; at byte 2400 "
                  "{:#018x} expected, {:#018x} found",
                  expected, expected ^ 0x1000));
}

TEST_F(Damage, CallsAPageThatIsAllOfOneKindByItsKind) {
  const PageSealer other_trial({.seed = 2, .owner = 0x2234567800000000}, kBytes);
  EXPECT_THAT(described(PageBytes(kBytes)), StartsWith("0x7000: zero; "));
  EXPECT_THAT(described(PageBytes(kBytes, std::byte{0xff})), StartsWith("0x7000: all 0xffffffffffffffff; "));
  EXPECT_THAT(described(sealed(sealer_, kAddress, 8)), StartsWith("0x7000: older version 8; "));
  EXPECT_THAT(described(sealed(sealer_, kAddress, 10)), StartsWith("0x7000: newer version 10; "));
  EXPECT_THAT(described(sealed(sealer_, 0x9000, 3)), StartsWith("0x7000: offset 0x9000 in version 3; "));
  EXPECT_THAT(described(sealed(other_trial)), StartsWith("0x7000: of another trial or run; "));
  EXPECT_EQ(described(sealed(sealer_)), "0x7000: right when it was read again; version 9 was written");
}

TEST_F(Damage, SaysWhichSectorsOfATornPageAreWhat) {
  EXPECT_THAT(described(mixed(sealed(sealer_, kAddress, 8), 3, 7)),
              StartsWith("0x7000: torn: sectors 0-2 right, 3-7 older version 8; "));
  EXPECT_THAT(described(mixed(PageBytes(kBytes), 4, 4)),
              StartsWith("0x7000: torn: sectors 0-3 right, 4 zero, 5-7 right; "));
  EXPECT_THAT(described(mixed(sealed(sealer_, 0x8000), 0, 0)),
              StartsWith("0x7000: torn: sectors 0 offset 0x8000 in version 9, 1-7 right; "));
}

TEST_F(Damage, ManyBitsAreOtherData) {
  PageBytes page = sealed(sealer_);
  fill_random({page.data() + 5 * kSector + 64, 64}, 1);
  EXPECT_THAT(described(page), StartsWith("0x7000: torn: sectors 0-4 right, 5 other data, 6-7 right; "));
}

TEST_F(Damage, CountsFlippedBitsOverAllSectors) {
  PageBytes page = sealed(sealer_);
  for (std::size_t sector = 0; sector < kBytes; sector += kSector) page[sector + 100] ^= std::byte{3};
  EXPECT_THAT(described(page), StartsWith("0x7000: bits flipped: 16; "));
}

TEST_F(Damage, SectorThatStandsWhereAnotherShould) {
  PageBytes page = sealed(sealer_);
  test::corruption::copy(page, 2 * kSector, page, kSector, kSector);
  EXPECT_THAT(described(page),
              StartsWith("0x7000: torn: sectors 0-1 right, 2 its own sector 1, 3-7 right; "));
}

TEST_F(Damage, OfAZeroPage) {
  const PageSealer zeros({.seed = 2, .zero_pages = 1, .owner = 0x1234567800000000}, kBytes);
  const PageBytes expected(kBytes);
  PageBytes page(kBytes);
  page[70] = std::byte{4};
  EXPECT_THAT(describe(zeros, {page, expected, kAddress, 0}),
              StartsWith("0x7000: bits flipped: 1; a zero page was written; "));
}

TEST_F(Damage, EveryKindOfCorruptionIsOneLineThatFitsAMessage) {
  Random random(7);
  const Instead instead{sealed(sealer_, kAddress, 8), sealed(sealer_, kAddress + kBytes),
                        sealed(PageSealer({.seed = 2, .owner = 5}, kBytes))};
  for (int time = 0; time < 20; ++time)
    for (const test::Corruption& kind : test::corruption::kAll) {
      PageBytes page = sealed(sealer_);
      test::corruption::apply(kind, page, instead, random);
      const std::string text = described(page);
      EXPECT_THAT(text, AllOf(Not(HasSubstr("\n")), HasSubstr("9 was written"), HasSubstr(" bytes differ")))
          << kind.name;
      EXPECT_LT(text.size(), 400u) << text;
    }
}

}  // namespace
}  // namespace tlbstorm::workloads

// SPDX-License-Identifier: Apache-2.0
// Pages that can be verified: each says whose it is, where it belongs and in which version, and carries a
// hash, so that a page that comes back from swap wrong is caught: another page, an older one, one torn
// between two, one with flipped bits.
//
// Two words stand at the head of each 512-byte sector, the unit that a disk writes at once: the address, and
// the stamp, which is the version and half of the owner. The rest is data that follows from seed, owner and
// address. The third word of the page is its seal: XXH3 over the whole page but the stamps and itself, seeded
// by owner and address. All bits of a stamp are known, so stamps are compared, not hashed: a new version is
// added to eight words and costs no pass over the page. And as it is added, not stored, it hides nothing: a
// page that is wrong stays wrong, however often it is written until it is looked at.
#pragma once

#include <cstddef>
#include <cstdint>

namespace tlbstorm::workloads {

/// What a page's data is like.
struct PageContent {
  std::uint64_t seed = 1;
  double compress_ratio = 1;  ///< a page is random in this part of it, 1/ratio, and zero in the rest
  double zero_pages = 0;      ///< this share of the pages is all zero: they carry nothing and stay zero
  std::uint64_t owner = 0;    ///< tells them from the pages of another trial or run with the same seed
};

/// An owner that no trial had before.
std::uint64_t new_owner();

class PageSealer {
 public:
  static constexpr std::size_t kSectorBytes = 512;
  /// Every page's first byte: addresses are whole pages. It is what a timed write stores, since a store hides
  /// what was there: damage to this byte alone is not seen in a page that comes back by a write.
  static constexpr std::byte kFirstByte{0};

  /// What the head of a sector says of itself.
  struct Head {
    std::uint64_t address;
    std::uint32_t version;
    bool ours;  ///< of this owner
  };

  PageSealer(PageContent content, std::size_t page_bytes);

  std::size_t page_bytes() const { return words_ * sizeof(std::uint64_t); }
  /// Whether the page at this address is one of the zero pages.
  bool is_zero(std::uint64_t address) const;

  /// Writes the whole page.
  void fill(std::byte* page, std::uint64_t address, std::uint32_t version = 0) const;
  /// Brings a sealed page from one version to another.
  void set_version(std::byte* page, std::uint32_t from, std::uint32_t to) const;

  /// The whole page: whether it is the one at this address in this version. A pass over its words.
  bool is_right(const std::byte* page, std::uint64_t address, std::uint32_t version) const;
  Head head_of(const std::byte* sector) const;

 private:
  static constexpr std::size_t kSectorWords = kSectorBytes / sizeof(std::uint64_t);
  static constexpr std::size_t kAddress = 0, kStamp = 1;  // words of every sector
  static constexpr std::size_t kSeal = 2;                 // word of the page

  std::uint64_t stamp(std::uint32_t version) const;
  std::uint64_t seal(const std::uint64_t* words, std::uint64_t address) const;

  PageContent content_;
  std::size_t words_;
  std::size_t random_words_;
};

}  // namespace tlbstorm::workloads

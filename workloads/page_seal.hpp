// SPDX-License-Identifier: Apache-2.0
// Pages that can be verified: each carries its address, a version and a checksum, so that a page that comes
// back from swap wrong is caught, whether it is another page, an older one, or torn between two.
//
// Address and version stand at the head of each 512-byte sector, the unit that a disk writes at once; the
// rest is data that follows from seed and address. The checksum is linear (the sum of each word times an odd
// number of its place), so that writing a new version costs a few stores and not a pass over the page.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace tlbstorm::workloads {

/// What a page's data is like.
struct PageContent {
  std::uint64_t seed = 1;
  double compress_ratio = 1;  ///< a page is random in this part of it, 1/ratio, and zero in the rest
  double zero_pages = 0;      ///< this share of the pages is all zero: they carry nothing and stay zero
};

class PageSealer {
 public:
  PageSealer(PageContent content, std::size_t page_bytes);

  /// Whether the page at this address is one of the zero pages.
  bool is_zero(std::uint64_t address) const;

  /// Writes the whole page in version 0.
  void fill(std::byte* page, std::uint64_t address) const;
  /// Brings a sealed page from one version to another.
  void set_version(std::byte* page, std::uint32_t from, std::uint32_t to) const;
  /// The word of a page that names its version: what a timed access reads or writes.
  static std::uint64_t* version_word(std::byte* page) {
    return reinterpret_cast<std::uint64_t*>(page) + kVersion;
  }

  /// The whole page: whether it is the one at this address in this version. A pass over its words.
  bool is_right(const std::byte* page, std::uint64_t address, std::uint32_t version) const;
  /// What is wrong with a page that is not right, in one line: place, expected and found.
  std::string describe(const std::byte* page, std::uint64_t address, std::uint32_t version) const;

 private:
  static constexpr std::size_t kSectorWords = 512 / sizeof(std::uint64_t);
  static constexpr std::size_t kAddress = 0, kVersion = 1;  // words of every sector
  static constexpr std::size_t kChecksum = 2;               // word of the page

  void fill_words(std::uint64_t* words, std::uint64_t address, std::uint32_t version) const;
  std::uint64_t checksum(const std::uint64_t* words) const;

  PageContent content_;
  std::size_t words_;
  std::size_t random_words_;
};

}  // namespace tlbstorm::workloads

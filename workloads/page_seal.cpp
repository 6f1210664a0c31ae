// SPDX-License-Identifier: Apache-2.0
#include "workloads/page_seal.hpp"

#include <xxhash.h>

#include <algorithm>
#include <array>
#include <random>

#include "workloads/random.hpp"

namespace tlbstorm::workloads {

std::uint64_t new_owner() {
  std::random_device random;
  return std::uint64_t{random()} << 32 | random();
}

PageSealer::PageSealer(PageContent content, std::size_t page_bytes)
    : content_(content),
      words_(page_bytes / sizeof(std::uint64_t)),
      random_words_(static_cast<std::size_t>(static_cast<double>(words_) / content.compress_ratio)) {}

bool PageSealer::is_zero(std::uint64_t address) const {
  return content_.zero_pages > 0 && Random(content_.seed ^ address).unit() < content_.zero_pages;
}

std::uint64_t PageSealer::stamp(std::uint32_t version) const { return content_.owner >> 32 << 32 | version; }

void PageSealer::fill(std::byte* page, std::uint64_t address, std::uint32_t version) const {
  auto* const words = reinterpret_cast<std::uint64_t*>(page);
  std::fill_n(words, words_, 0);
  if (is_zero(address)) return;
  Random random(content_.seed + content_.owner + address);
  std::generate_n(words, random_words_, [&] { return random.next(); });
  for (std::size_t sector = 0; sector < words_; sector += kSectorWords) {
    words[sector + kAddress] = address + sector * sizeof(std::uint64_t);
    words[sector + kStamp] = stamp(version);
  }
  words[kSeal] = seal(words, address);
}

/// Of a copy without what it leaves out, in blocks that fit the smallest cache.
std::uint64_t PageSealer::seal(const std::uint64_t* words, std::uint64_t address) const {
  std::array<std::uint64_t, 4096 / sizeof(std::uint64_t)> block;
  std::uint64_t hash = content_.owner + address;
  for (std::size_t at = 0; at < words_; at += block.size()) {
    std::copy_n(words + at, block.size(), block.begin());
    for (std::size_t sector = 0; sector < block.size(); sector += kSectorWords) block[sector + kStamp] = 0;
    if (at == 0) block[kSeal] = 0;
    hash = XXH3_64bits_withSeed(block.data(), sizeof block, hash);
  }
  return hash;
}

void PageSealer::set_version(std::byte* page, std::uint32_t from, std::uint32_t to) const {
  auto* const words = reinterpret_cast<std::uint64_t*>(page);
  for (std::size_t sector = 0; sector < words_; sector += kSectorWords)
    words[sector + kStamp] += std::uint64_t{to} - std::uint64_t{from};
}

bool PageSealer::is_right(const std::byte* page, std::uint64_t address, std::uint32_t version) const {
  const auto* const words = reinterpret_cast<const std::uint64_t*>(page);
  if (is_zero(address)) return std::all_of(words, words + words_, [](std::uint64_t w) { return w == 0; });
  for (std::size_t sector = 0; sector < words_; sector += kSectorWords)
    if (words[sector + kAddress] != address + sector * sizeof(std::uint64_t) ||
        words[sector + kStamp] != stamp(version))
      return false;
  return words[kSeal] == seal(words, address);
}

PageSealer::Head PageSealer::head_of(const std::byte* sector) const {
  const auto* const words = reinterpret_cast<const std::uint64_t*>(sector);
  const std::uint64_t found = words[kStamp];
  return {words[kAddress], static_cast<std::uint32_t>(found), found >> 32 == content_.owner >> 32};
}

}  // namespace tlbstorm::workloads

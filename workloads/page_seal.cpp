// SPDX-License-Identifier: Apache-2.0
#include "workloads/page_seal.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "workloads/random.hpp"

namespace tlbstorm::workloads {
namespace {

/// An odd number for each place: odd, so that a change of a single word always changes the sum.
constexpr std::uint64_t factor(std::size_t word) {
  return (static_cast<std::uint64_t>(word) * 0x9e3779b97f4a7c15ULL) | 1;
}

}  // namespace

PageSealer::PageSealer(PageContent content, std::size_t page_bytes)
    : content_(content),
      words_(page_bytes / sizeof(std::uint64_t)),
      random_words_(static_cast<std::size_t>(static_cast<double>(words_) / content.compress_ratio)) {}

bool PageSealer::is_zero(std::uint64_t address) const {
  return content_.zero_pages > 0 && Random(content_.seed ^ address).unit() < content_.zero_pages;
}

void PageSealer::fill_words(std::uint64_t* words, std::uint64_t address, std::uint32_t version) const {
  if (is_zero(address)) {
    std::fill_n(words, words_, 0);
    return;
  }
  Random random(content_.seed + address);
  std::fill_n(words, words_, 0);
  for (std::size_t i = 0; i < random_words_; ++i) words[i] = random.next();
  for (std::size_t sector = 0; sector < words_; sector += kSectorWords) {
    words[sector + kAddress] = address + sector * sizeof(std::uint64_t);
    words[sector + kVersion] = version;
  }
  words[kChecksum] = checksum(words);
}

void PageSealer::fill(std::byte* page, std::uint64_t address) const {
  fill_words(reinterpret_cast<std::uint64_t*>(page), address, 0);
}

std::uint64_t PageSealer::checksum(const std::uint64_t* words) const {
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < words_; ++i) sum += words[i] * factor(i);
  return sum - words[kChecksum] * factor(kChecksum);
}

void PageSealer::set_version(std::byte* page, std::uint32_t from, std::uint32_t to) const {
  auto* const words = reinterpret_cast<std::uint64_t*>(page);
  std::uint64_t sum = words[kChecksum];
  for (std::size_t sector = 0; sector < words_; sector += kSectorWords) {
    words[sector + kVersion] = to;
    sum += (std::uint64_t{to} - std::uint64_t{from}) * factor(sector + kVersion);
  }
  words[kChecksum] = sum;
}

bool PageSealer::is_right(const std::byte* page, std::uint64_t address, std::uint32_t version) const {
  const auto* const words = reinterpret_cast<const std::uint64_t*>(page);
  if (is_zero(address)) return std::all_of(words, words + words_, [](std::uint64_t w) { return w == 0; });
  for (std::size_t sector = 0; sector < words_; sector += kSectorWords)
    if (words[sector + kAddress] != address + sector * sizeof(std::uint64_t) ||
        words[sector + kVersion] != version)
      return false;
  return words[kChecksum] == checksum(words);
}

std::string PageSealer::describe(const std::byte* page, std::uint64_t address, std::uint32_t version) const {
  const auto* const found = reinterpret_cast<const std::uint64_t*>(page);
  std::vector<std::uint64_t> expected(words_);
  fill_words(expected.data(), address, version);
  const auto first = std::mismatch(found, found + words_, expected.begin());
  const auto wrong =
      static_cast<std::size_t>(std::count_if(found, found + words_, [&](const std::uint64_t& word) {
        return word != expected[static_cast<std::size_t>(&word - found)];
      }));
  const auto at = static_cast<std::size_t>(first.first - found);
  return fmt::format(
      "the page at offset {:#x} of the working set is wrong in {} of its {} words; the first is at byte {}: "
      "expected {:#018x}, found {:#018x}; its header says offset {:#x}, version {}, where version {} was "
      "written",
      address, wrong, words_, at * sizeof(std::uint64_t), at < words_ ? expected[at] : 0,
      at < words_ ? found[at] : 0, found[kAddress], found[kVersion], version);
}

}  // namespace tlbstorm::workloads

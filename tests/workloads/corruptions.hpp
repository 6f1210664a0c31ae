// SPDX-License-Identifier: Apache-2.0
// Ways in which a page can come back wrong: done by the unit tests to pages in memory, by the system tests to
// pages on a swap device.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <vector>

#include "workloads/page_seal.hpp"
#include "workloads/random.hpp"

namespace tlbstorm::test {

using PageBytes = std::vector<std::byte>;

/// What might come back instead.
struct Instead {
  PageBytes older;      ///< the same page, before it was last written
  PageBytes neighbour;  ///< another page
  PageBytes foreign;    ///< the same page of another trial
};

struct Corruption {
  std::string_view name;
  void (*apply)(PageBytes& page, const Instead& instead, workloads::Random& random);
};

namespace corruption {

constexpr std::size_t kSector = workloads::PageSealer::kSectorBytes;
using Random = workloads::Random;
using Page = PageBytes;
using I = const Instead&;

inline std::size_t any_sector(const Page& page, Random& random) {
  return random.below(page.size() / kSector) * kSector;
}
inline void flip(Page& page, std::size_t bit) { page[bit / 8] ^= std::byte{1} << static_cast<int>(bit % 8); }
inline void copy(Page& to, std::size_t at, const Page& from, std::size_t where, std::size_t bytes) {
  std::memmove(to.data() + at, from.data() + where, bytes);
}
/// The same bit of two words; bits are counted as in little-endian words.
inline void flip_in_two_words(Page& page, std::size_t bit, Random& random) {
  const std::size_t words = page.size() / 8, one = random.below(words),
                    other = (one + 1 + random.below(words - 1)) % words;
  for (const std::size_t word : {one, other}) flip(page, word * 64 + bit);
}
inline void fill(Page& page, std::size_t at, std::size_t bytes, std::byte value) {
  std::fill_n(page.begin() + static_cast<std::ptrdiff_t>(at), bytes, value);
}

inline constexpr std::array<Corruption, 18> kAll{{
    {"a bit", [](Page& p, I, Random& r) { flip(p, r.below(p.size() * 8)); }},
    {"bit 63 of two words", [](Page& p, I, Random& r) { flip_in_two_words(p, 63, r); }},
    {"a bit of two words", [](Page& p, I, Random& r) { flip_in_two_words(p, r.below(64), r); }},
    {"a byte", [](Page& p, I, Random& r) { p[r.below(p.size())] = std::byte{0x5a}; }},
    {"a sector zeroed", [](Page& p, I, Random& r) { fill(p, any_sector(p, r), kSector, std::byte{0}); }},
    {"zeroed", [](Page& p, I, Random&) { fill(p, 0, p.size(), std::byte{0}); }},
    {"all ones", [](Page& p, I, Random&) { fill(p, 0, p.size(), std::byte{0xff}); }},
    {"cut short",
     [](Page& p, I, Random& r) {
       const std::size_t left = r.below(p.size() - 8);
       fill(p, left, p.size() - left, std::byte{0});
     }},
    {"a stale copy", [](Page& p, I instead, Random&) { p = instead.older; }},
    {"written twice",
     [](Page& p, I, Random&) { workloads::PageSealer({}, p.size()).set_version(p.data(), 0, 1); }},
    {"torn at 512",
     [](Page& p, I instead, Random& r) {
       copy(p, 0, instead.older, 0, kSector * (1 + r.below(p.size() / kSector - 1)));
     }},
    {"a stale sector",
     [](Page& p, I instead, Random& r) {
       const std::size_t at = any_sector(p, r);
       copy(p, at, instead.older, at, kSector);
     }},
    {"the neighbour's content", [](Page& p, I instead, Random&) { p = instead.neighbour; }},
    {"a sector of the neighbour",
     [](Page& p, I instead, Random& r) {
       const std::size_t at = any_sector(p, r);
       copy(p, at, instead.neighbour, at, kSector);
     }},
    {"of another trial", [](Page& p, I instead, Random&) { p = instead.foreign; }},
    {"a value twice",
     [](Page& p, I, Random& r) {
       const std::size_t at = r.below(p.size() / 8 - 1) * 8;
       copy(p, at + 8, p, at, 8);
     }},
    {"a sector twice",
     [](Page& p, I, Random& r) {
       const std::size_t at = r.below(p.size() / kSector - 1) * kSector;
       copy(p, at + kSector, p, at, kSector);
     }},
    {"moved by a word", [](Page& p, I, Random&) { copy(p, 8, p, 0, p.size() - 8); }},
}};

/// Applies it so that the page is another one afterwards: some change nothing where data is zero anyway.
inline void apply(const Corruption& corruption, PageBytes& page, const Instead& instead, Random& random) {
  const PageBytes before = page;
  while (page == before) corruption.apply(page, instead, random);
}

}  // namespace corruption
}  // namespace tlbstorm::test

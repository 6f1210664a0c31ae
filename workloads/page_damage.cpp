// SPDX-License-Identifier: Apache-2.0
#include "workloads/page_damage.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <functional>
#include <numeric>
#include <vector>

namespace tlbstorm::workloads {
namespace {

using Bytes = std::span<const std::byte>;
constexpr std::size_t kSector = PageSealer::kSectorBytes;
constexpr int kFewBits = 8;  // that differ in a sector: flipped; more is other data

std::uint64_t word_at(Bytes bytes, std::size_t at) {
  std::uint64_t word = 0;
  std::memcpy(&word, bytes.data() + at, sizeof word);
  return word;
}

int bits_apart(Bytes a, Bytes b) {
  int bits = 0;
  for (std::size_t at = 0; at < a.size(); at += sizeof(std::uint64_t))
    bits += std::popcount(word_at(a, at) ^ word_at(b, at));
  return bits;
}

std::size_t bytes_apart(Bytes a, Bytes b) {
  return std::transform_reduce(a.begin(), a.end(), b.begin(), std::size_t{0}, std::plus<>(),
                               std::not_equal_to<>());
}

bool same(Bytes a, Bytes b) { return std::equal(a.begin(), a.end(), b.begin(), b.end()); }

/// One word all over.
bool is_uniform(Bytes bytes) {
  return same(bytes.first(bytes.size() - sizeof(std::uint64_t)), bytes.subspan(sizeof(std::uint64_t)));
}

constexpr const char* kRight = "right";
constexpr const char* kFlipped = "flipped bits";

/// What a sector of ours says it is, if that is true of it.
std::string claimed(const PageSealer& sealer, const WrongPage& page, Bytes sector, PageSealer::Head head) {
  const std::uint64_t within = head.address % sealer.page_bytes(), address = head.address - within;
  if (within % kSector != 0) return "";
  std::vector<std::byte> whole(sealer.page_bytes());
  sealer.fill(whole.data(), address, head.version);
  if (!same(sector, Bytes(whole).subspan(within, kSector))) return "";
  if (address != page.address) return fmt::format("offset {:#x} in version {}", address, head.version);
  if (head.version == page.version) return fmt::format("its own sector {}", within / kSector);
  return fmt::format("{} version {}", head.version < page.version ? "older" : "newer", head.version);
}

std::string look_at_sector(const PageSealer& sealer, const WrongPage& page, std::size_t at) {
  const Bytes found = page.found.subspan(at, kSector);
  const int bits = bits_apart(found, page.expected.subspan(at, kSector));
  if (bits == 0) return kRight;
  if (is_uniform(found)) return word_at(found, 0) == 0 ? "zero" : fmt::format("all {:#x}", word_at(found, 0));
  const PageSealer::Head head = sealer.head_of(found.data());
  if (head.ours)
    if (std::string claim = claimed(sealer, page, found, head); !claim.empty()) return claim;
  if (bits <= kFewBits) return kFlipped;
  return !head.ours && head.address == page.address + at ? "of another trial or run" : "other data";
}

/// "sectors 0-3 right, 4-7 zero"
std::string in_runs(const std::vector<std::string>& looks) {
  std::vector<std::string> runs;
  for (auto begin = looks.begin(); begin != looks.end();) {
    const auto end =
        std::find_if(begin, looks.end(), [&](const std::string& look) { return look != *begin; });
    const auto first = begin - looks.begin(), last = end - looks.begin() - 1;
    runs.push_back(first == last ? fmt::format("{} {}", first, *begin)
                                 : fmt::format("{}-{} {}", first, last, *begin));
    begin = end;
  }
  return fmt::format("sectors {}", fmt::join(runs, ", "));
}

std::string kind_of_damage(const PageSealer& sealer, const WrongPage& page) {
  std::vector<std::string> looks;
  for (std::size_t at = 0; at < page.found.size(); at += kSector)
    looks.push_back(look_at_sector(sealer, page, at));
  if (std::all_of(looks.begin(), looks.end(), [&](const auto& look) { return look == looks.front(); }) &&
      looks.front() != kFlipped)
    return looks.front() == kRight ? "right when it was read again" : looks.front();
  if (std::all_of(looks.begin(), looks.end(),
                  [](const auto& look) { return look == kRight || look == kFlipped; }))
    return fmt::format("bits flipped: {}", bits_apart(page.found, page.expected));
  return "torn: " + in_runs(looks);
}

}  // namespace

std::string describe(const PageSealer& sealer, const WrongPage& page) {
  const std::string written =
      sealer.is_zero(page.address) ? "a zero page" : fmt::format("version {}", page.version);
  std::string text =
      fmt::format("{:#x}: {}; {} was written", page.address, kind_of_damage(sealer, page), written);
  const auto first = std::mismatch(page.found.begin(), page.found.end(), page.expected.begin()).first;
  if (first == page.found.end()) return text;
  const std::size_t at = static_cast<std::size_t>(first - page.found.begin()) & ~(sizeof(std::uint64_t) - 1);
  return text + fmt::format("; {} of {} bytes differ; at byte {} {:#018x} expected, {:#018x} found",
                            bytes_apart(page.found, page.expected), page.found.size(), at,
                            word_at(page.expected, at), word_at(page.found, at));
}

}  // namespace tlbstorm::workloads

// SPDX-License-Identifier: Apache-2.0
// Sizes and times as the user writes them and as we print them.
#pragma once

#include <chrono>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tlbstorm::os {

using Nanoseconds = std::chrono::nanoseconds;

/// A number of bytes; never a bare integer in an interface. A sum or a product that is too large for it is
/// the largest there is: what no machine has stays that, and is refused.
struct Bytes {
  std::uint64_t count = 0;
  friend auto operator<=>(const Bytes&, const Bytes&) = default;
  friend Bytes operator+(Bytes a, Bytes b) {
    const bool fits = !__builtin_add_overflow(a.count, b.count, &a.count);
    return fits ? a : Bytes{~std::uint64_t{0}};
  }
  friend Bytes operator*(Bytes a, std::uint64_t n) {
    const bool fits = !__builtin_mul_overflow(a.count, n, &a.count);
    return fits ? a : Bytes{~std::uint64_t{0}};
  }
  friend Bytes operator/(Bytes a, std::uint64_t n) { return {a.count / n}; }
};

inline constexpr Bytes operator""_KiB(unsigned long long n) { return {n << 10}; }
inline constexpr Bytes operator""_MiB(unsigned long long n) { return {n << 20}; }
inline constexpr Bytes operator""_GiB(unsigned long long n) { return {n << 30}; }

/// 4096, 512K, 512M, 2G, 1T (powers of 1024, also "512MiB"), or a share of `whole`, between bounds if any are
/// given: 25%, 64M..25%, 25%..4G, 64M..25%..4G. A share is whole pages of any size that a kernel has, 64 KiB.
/// Throws UsageError naming `option`.
Bytes parse_size(std::string_view option, std::string_view text, Bytes whole);
/// 250ms, 30s, 5m, 2h, 100us; a bare 0 is zero. Throws UsageError naming `option`.
Nanoseconds parse_duration(std::string_view option, std::string_view text);
/// Digits only. Throws UsageError naming `option`.
std::uint64_t parse_whole(std::string_view option, std::string_view text, std::uint64_t least,
                          std::uint64_t most);
/// 0.5, 1e-3. Throws UsageError naming `option`.
double parse_real(std::string_view option, std::string_view text, double least, double most);
/// A list of numbers and ranges as the kernel writes CPU lists: "0-3,8". Throws UsageError naming `option`.
std::vector<int> parse_list(std::string_view option, std::string_view text);
/// What stands between commas: something in each place. Throws UsageError naming `option`.
std::vector<std::string> split_list(std::string_view option, std::string_view text);

/// "512 MiB", "1.5 GiB": at most one decimal.
std::string format_size(Bytes size);
/// "250 ms", "30 s", "1.25 us".
std::string format_duration(Nanoseconds time);
/// {0,1,2,3,8} as "0-3,8".
std::string format_list(const std::vector<int>& numbers);
/// 1234567 as "1.235M", 0.01416 as "0.0142": three or four digits that matter, for screens only.
std::string format_figure(double value);

/// The candidate nearest to `word` by edit distance, or empty when none is near enough to be a slip.
std::string nearest(std::string_view word, const std::vector<std::string>& candidates);

}  // namespace tlbstorm::os

// SPDX-License-Identifier: Apache-2.0
// Fast random numbers for choosing pages and for data that does not compress. Repeatable from the seed on
// every machine.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

namespace tlbstorm::workloads {

/// splitmix64: Steele, Lea, Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}
  std::uint64_t next() {
    std::uint64_t z = (state_ += 0x9e3779b97f4a7c15ULL);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31);
  }
  /// Uniform in [0, bound): multiply-shift, Lemire, ACM TOMACS 2019; its bias is below 2^-32 for our bounds.
  std::uint64_t below(std::uint64_t bound) {
    __extension__ using Wide = unsigned __int128;
    return static_cast<std::uint64_t>((static_cast<Wide>(next()) * bound) >> 64);
  }
  /// Uniform in [0, 1).
  double unit() { return static_cast<double>(next() >> 11) * 0x1p-53; }

 private:
  std::uint64_t state_;
};

/// Fills memory with incompressible data.
inline void fill_random(std::span<std::byte> memory, std::uint64_t seed) {
  Random random(seed);
  for (std::size_t i = 0; i + sizeof(std::uint64_t) <= memory.size(); i += sizeof(std::uint64_t)) {
    const std::uint64_t word = random.next();
    std::memcpy(memory.data() + i, &word, sizeof word);
  }
}

/// Zipf-distributed ranks 1..n with exponent theta > 0, in constant time and memory: rejection-inversion,
/// Hoermann and Derflinger, "Rejection-inversion to generate variates from monotone discrete distributions",
/// ACM TOMACS 6(3), 1996.
class Zipf {
 public:
  Zipf(std::uint64_t n, double theta)
      : n_(n),
        theta_(theta),
        h_first_(h_integral(1.5) - 1),
        h_last_(h_integral(static_cast<double>(n) + 0.5)),
        shortcut_(2 - h_integral_inverse(h_integral(2.5) - h(2))) {}

  std::uint64_t next(Random& random) const {
    for (;;) {
      const double u = h_last_ + random.unit() * (h_first_ - h_last_);
      const double x = h_integral_inverse(u);
      double k = std::floor(x + 0.5);
      if (k < 1) k = 1;
      if (k > static_cast<double>(n_)) k = static_cast<double>(n_);
      if (k - x <= shortcut_ || u >= h_integral(k + 0.5) - h(k)) return static_cast<std::uint64_t>(k);
    }
  }

 private:
  double h(double x) const { return std::exp(-theta_ * std::log(x)); }
  /// The integral of h; theta = 1 is its own case.
  double h_integral(double x) const {
    const double log_x = std::log(x);
    const double t = (1 - theta_) * log_x;
    return (std::abs(t) > 1e-8 ? std::expm1(t) / t : 1 + t / 2) * log_x;
  }
  double h_integral_inverse(double y) const {
    const double t = std::max(-1.0, y * (1 - theta_));
    return std::exp((std::abs(t) > 1e-8 ? std::log1p(t) / t : 1 - t / 2) * y);
  }

  std::uint64_t n_;
  double theta_;
  double h_first_, h_last_, shortcut_;
};

}  // namespace tlbstorm::workloads

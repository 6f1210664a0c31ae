// SPDX-License-Identifier: Apache-2.0
#include "workloads/page_queue.hpp"

#include <cmath>
#include <numbers>
#include <numeric>

#include "harness/os/error.hpp"
#include "harness/os/text.hpp"

namespace tlbstorm::workloads {
namespace {

struct Access {
  std::string kind;
  double number = 0;
};

/// What an order with a number has: "zipf:0.99".
struct Numbered {
  const char* kind;
  double most;  ///< and above 0
  const char* remedy;
};
constexpr auto kNumbered =
    std::to_array<Numbered>({{"zipf", 10, "give an exponent above 0, such as zipf:0.99"},
                             {"normal", 1, "give the deviation as a share of the whole, such as normal:0.17"},
                             {"stride", 1e12, "give whole pages, such as stride:17"}});

Access parse(const std::string& option, const std::string& access) {
  if (access == kSequential || access == kUniform) return {access};
  if (access == "random") return {kUniform};
  for (const Numbered& numbered : kNumbered) {
    const std::string start = numbered.kind + std::string(":");
    if (!access.starts_with(start)) continue;
    const double value = os::to_real(access.substr(start.size())).value_or(0);
    if (!(value > 0 && value <= numbered.most))
      throw os::UsageError(option, access, "not in range", numbered.remedy);
    if (std::string_view(numbered.kind) == "stride" && value != std::floor(value))
      throw os::UsageError(option, access, "not a whole number", numbered.remedy);
    return {numbered.kind, value};
  }
  throw os::UsageError(option, access, "not an order of pages",
                       "give sequential, uniform, zipf:THETA, normal:SIGMA or stride:PAGES");
}

/// Walks the range in steps; a step that shares a factor with the count would miss pages, so each lap begins
/// one page further.
std::function<std::uint64_t(Random&)> walk(std::uint64_t count, std::uint64_t step) {
  return [count, step, at = std::uint64_t{0}, lap = std::uint64_t{0}](Random&) mutable {
    const std::uint64_t page = at;
    at += step;
    if (at >= count) at = step == 1 ? 0 : ++lap % std::min(step, count);
    return page;
  };
}

std::uint64_t coprime_stride(std::uint64_t pages) {
  std::uint64_t stride = pages * 5 / 8 | 1;
  while (std::gcd(stride, pages) != 1) stride += 2;
  return stride;
}

/// Box and Muller, Annals of Mathematical Statistics 29, 1958; what falls outside the range is drawn again.
std::function<std::uint64_t(Random&)> bell(std::uint64_t count, double sigma) {
  const auto width = static_cast<double>(count);
  return [width, sigma](Random& random) {
    for (;;) {
      const double radius = std::sqrt(-2 * std::log(1 - random.unit()));
      const double z = radius * std::cos(2 * std::numbers::pi * random.unit());
      const double page = (0.5 + sigma * z) * width;
      if (page >= 0 && page < width) return static_cast<std::uint64_t>(page);
    }
  };
}

std::function<std::uint64_t(Random&)> chooser(const Access& access, std::uint64_t count) {
  if (access.kind == kSequential) return walk(count, 1);
  if (access.kind == "stride") return walk(count, static_cast<std::uint64_t>(access.number));
  if (access.kind == "normal") return bell(count, access.number);
  if (access.kind == "zipf")  // popular pages are spread over the range
    return [zipf = Zipf(count, access.number), stride = coprime_stride(count), count](Random& random) {
      return zipf.next(random) * stride % count;
    };
  return [count](Random& random) { return random.below(count); };
}

}  // namespace

PageRange part_of(std::uint64_t pages, int index, int workers) {
  const auto begin = [&](int i) {
    return pages * static_cast<std::uint64_t>(i) / static_cast<std::uint64_t>(workers);
  };
  return {begin(index), begin(index + 1) - begin(index)};
}

void check_access(const std::string& option, const std::string& access) { parse(option, access); }

PageQueue::PageQueue(const std::string& access, PageRange range, double write_ratio, std::uint64_t seed)
    : choose_(chooser(parse("--access", access), range.count)),
      range_(range),
      write_ratio_(write_ratio),
      random_(seed) {}

void PageQueue::refill() {
  for (Visit& visit : batch_)
    visit = {range_.first + choose_(random_), write_ratio_ > 0 && random_.unit() < write_ratio_};
  next_ = 0;
}

}  // namespace tlbstorm::workloads

// SPDX-License-Identifier: Apache-2.0
#include "benches/swap.hpp"

#include <fmt/format.h>

#include <utility>

#include "harness/os/error.hpp"
#include "harness/trial/swap_area.hpp"
#include "harness/trial/swap_request.hpp"

namespace tlbstorm::benches {
namespace {

constexpr const char* kOwn = "zram:64M";               // a round of pages is 2 MiB
constexpr os::Bytes kEnough = os::operator""_MiB(32);  // that must be free of the machine's own

os::Bytes free_of(const machine::Machine& machine) {
  os::Bytes free;
  for (const machine::SwapArea& area : machine.swaps)
    free = free + os::Bytes{area.size.count - area.used.count};
  return free;
}

}  // namespace

Swap::Swap(std::string_view option, const machine::Machine& machine) {
  if (!option.empty()) {
    requests_ = trial::request_swaps(option, "", machine);
    return;
  }
  if (!(free_of(machine) < kEnough)) return;
  try {
    requests_ = trial::request_swaps(kOwn, "", machine);
  } catch (const os::UsageError& error) {
    absent_ = fmt::format("less than {} of swap is free, and {} of ours can't be: {} ({})",
                          os::format_size(kEnough), kOwn, error.what(), error.hint());
  }
}

std::string Swap::text() const {
  if (!absent_.empty()) return "none";
  if (requests_.empty()) return "the machine's own";
  std::string text;
  for (const trial::SwapRequest& request : requests_) text += (text.empty() ? "" : ",") + request.text;
  return text;
}

void Swap::use() {
  if (std::exchange(used_, true)) return;
  for (const trial::SwapRequest& request : requests_) trial::bring_swap(journal_, request);
}

}  // namespace tlbstorm::benches

// SPDX-License-Identifier: Apache-2.0
#include "benches/swap.hpp"

#include <fmt/format.h>
#include <numa.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <thread>

#include "benches/pages.hpp"
#include "harness/os/clock.hpp"
#include "harness/os/error.hpp"
#include "harness/trial/swap_request.hpp"

namespace tlbstorm::benches {
namespace {

using namespace std::chrono_literals;

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
  if (!areas_.empty()) return;
  for (const trial::SwapRequest& request : requests_) areas_.emplace_back(journal_, request);
}

namespace {

/// Pages that were written wait in batches of the CPUs that the device interrupted, and can't be reclaimed
/// meanwhile. Moving pages from every node to itself moves nothing, and empties all batches (mm/mempolicy.c:
/// do_migrate_pages -> lru_cache_disable).
void drain_batches() {
  if (::numa_available() >= 0) ::numa_migrate_pages(0, ::numa_all_nodes_ptr, ::numa_all_nodes_ptr);
}

}  // namespace

void push_out(std::span<std::byte> pages) {
  const std::size_t page = os::page_size().count;
  std::vector<unsigned char> cached(pages.size() / page);
  for (const os::Nanoseconds until = os::now() + 1s;;) {
    require(::madvise(pages.data(), pages.size(), MADV_PAGEOUT) == 0, "madvise(MADV_PAGEOUT)",
            "it needs Linux 5.4");
    require(::mincore(pages.data(), pages.size(), cached.data()) == 0, "mincore");
    const auto kept = std::count_if(cached.begin(), cached.end(), [](unsigned char of) { return of & 1; });
    if (kept == 0) return;
    if (os::now() > until)
      throw os::Error(fmt::format("{} of {} pages did not go to swap", kept, cached.size()));
    std::this_thread::sleep_for(100us);
    drain_batches();
    for (std::size_t i = 0; i < cached.size(); ++i)
      if (cached[i] & 1) read(pages.subspan(i * page, page));
  }
}

}  // namespace tlbstorm::benches

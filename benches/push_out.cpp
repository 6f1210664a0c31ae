// SPDX-License-Identifier: Apache-2.0
#include "benches/push_out.hpp"

#include <fmt/format.h>
#include <numa.h>
#include <sys/mman.h>

#include <algorithm>
#include <thread>
#include <vector>

#include "benches/pages.hpp"
#include "harness/os/clock.hpp"
#include "harness/os/error.hpp"

namespace tlbstorm::benches {
namespace {

using namespace std::chrono_literals;

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

// SPDX-License-Identifier: Apache-2.0
// What does it cost to verify a page that came back, and to bring one that was written to its next version?
// Beside the bare hash. Of 64 pages, which stay in the caches, as one is that just came back; and of 64 MiB.
#include <benchmark/benchmark.h>
#include <xxhash.h>

#include "harness/os/mapping.hpp"
#include "workloads/page_seal.hpp"
#include "workloads/random.hpp"

namespace {

using namespace tlbstorm;

/// Calls work(sealer, page, address) for pages in random order.
template <typename Work>
void for_pages(benchmark::State& state, Work work) {
  const auto pages = static_cast<std::uint64_t>(state.range(0));
  const std::uint64_t page_bytes = os::page_size().count;
  const workloads::PageSealer sealer({}, page_bytes);
  const os::Mapping memory = os::Mapping::anonymous({pages * page_bytes});
  for (std::uint64_t page = 0; page < pages; ++page) sealer.fill(memory.page(page), page * page_bytes);
  workloads::Random random(1);
  for (auto _ : state) {
    const std::uint64_t page = random.below(pages);
    benchmark::DoNotOptimize(work(sealer, memory.page(page), page * page_bytes));
  }
}

void verify_by_seal(benchmark::State& state) {
  for_pages(state, [](const workloads::PageSealer& sealer, const std::byte* page, std::uint64_t address) {
    return sealer.is_right(page, address, 0);
  });
}

void verify_by_hash(benchmark::State& state) {
  for_pages(state, [](const workloads::PageSealer& sealer, const std::byte* page, std::uint64_t address) {
    return XXH3_64bits_withSeed(page, sealer.page_bytes(), address);
  });
}

void renew_by_seal(benchmark::State& state) {
  for_pages(state, [](const workloads::PageSealer& sealer, std::byte* page, std::uint64_t) {
    sealer.set_version(page, 0, 1);
    return page;
  });
}

BENCHMARK(verify_by_seal)->Name("harness/verify_page/by:seal")->ArgName("pages")->Arg(64)->Arg(16384);
BENCHMARK(verify_by_hash)->Name("harness/verify_page/by:bare_hash")->ArgName("pages")->Arg(64)->Arg(16384);
BENCHMARK(renew_by_seal)->Name("harness/renew_page/by:seal")->ArgName("pages")->Arg(64)->Arg(16384);

}  // namespace

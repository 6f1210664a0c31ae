// SPDX-License-Identifier: Apache-2.0
// What does unmapping touched pages with munmap(2) cost? (mm/mmu_gather.c: tlb_finish_mmu flushes once for
// the call, and before the pages are freed.) Mapping and touching them is part of an operation: an untouched
// page has no translation, and unmapping it flushes nothing.
#include "benches/benches.hpp"
#include "benches/cost.hpp"
#include "benches/loops.hpp"
#include "benches/pages.hpp"
#include "benches/sharers.hpp"

namespace tlbstorm::benches {
namespace {

void unmap(benchmark::State& state, const Setting& setting) {
  Sharers others(setting.cpus);
  Cost cost(state, others, setting.pages);
  const std::size_t size = size_of(setting.pages).count;
  repeat(state, cost, [&] { map_touch_unmap(size); });
}

const RegisteredBenchmark registration([](Catalogue& catalogue) { catalogue.add("munmap/anon", &unmap); });

}  // namespace
}  // namespace tlbstorm::benches

// SPDX-License-Identifier: Apache-2.0
// What does the first touch of a page cost? (mm/memory.c: do_anonymous_page.) There was no translation, so
// nothing is flushed: what sharers add is the price of an mm in common, not of interrupts.
#include <sys/mman.h>

#include "benches/benches.hpp"
#include "benches/cost.hpp"
#include "benches/loops.hpp"
#include "benches/pages.hpp"
#include "benches/sharers.hpp"

namespace tlbstorm::benches {
namespace {

constexpr int kRound = 4096;  // pages that are given back at a time

void first_touch(benchmark::State& state, const Setting& setting) {
  const os::Mapping memory = os::Mapping::anonymous(Batches::room_for(kRound));
  const Batches batches(memory, kRound, setting.pages);
  Sharers others(setting.cpus);
  Cost cost(state, others, setting.pages);
  by_rounds(
      state, cost, batches.count(),
      [&] { ::madvise(batches.all().data(), batches.all().size(), MADV_DONTNEED); },
      [&](std::size_t i) { touch(batches[i]); });
}

const RegisteredBenchmark registration([](Catalogue& catalogue) {
  catalogue.add("fault/anon", &first_touch);
});

}  // namespace
}  // namespace tlbstorm::benches

// SPDX-License-Identifier: Apache-2.0
// What does giving touched pages back at once cost, with the mapping staying? (mm/madvise.c:
// madvise_dontneed_single_vma: one flush a call.) Touching them again is part of an operation, and a fault
// each.
#include <sys/mman.h>

#include "benches/benches.hpp"
#include "benches/cost.hpp"
#include "benches/loops.hpp"
#include "benches/pages.hpp"
#include "benches/sharers.hpp"

namespace tlbstorm::benches {
namespace {

void give_back(benchmark::State& state, const Setting& setting) {
  const os::Mapping memory = os::Mapping::anonymous(size_of(setting.pages));
  Sharers others(setting.cpus);
  Cost cost(state, others, setting.pages);
  repeat(state, cost, [&] {
    touch(memory.bytes());
    require(::madvise(memory.data(), memory.size().count, MADV_DONTNEED) == 0, "madvise(MADV_DONTNEED)");
  });
}

const RegisteredBenchmark registration([](Catalogue& catalogue) {
  catalogue.add("dontneed/anon", &give_back);
});

}  // namespace
}  // namespace tlbstorm::benches

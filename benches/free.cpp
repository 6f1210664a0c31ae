// SPDX-License-Identifier: Apache-2.0
// What does giving touched pages back cost when the kernel may take them later? (mm/madvise.c:
// madvise_free_single_vma: one flush a call.) They stay mapped: touching them again is no fault.
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
    require(::madvise(memory.data(), memory.size().count, MADV_FREE) == 0, "madvise(MADV_FREE)");
  });
}

const RegisteredBenchmark registration([](Catalogue& catalogue) { catalogue.add("free/anon", &give_back); });

}  // namespace
}  // namespace tlbstorm::benches

// SPDX-License-Identifier: Apache-2.0
// What does giving touched pages back cost, with the mapping staying: at once by MADV_DONTNEED, or when
// memory gets short by MADV_FREE? (mm/madvise.c: madvise_dontneed_single_vma, madvise_free_single_vma: one
// flush a call.) Touching them again is part of an operation.
#include <sys/mman.h>

#include "benches/benches.hpp"
#include "benches/cost.hpp"
#include "benches/loops.hpp"
#include "benches/pages.hpp"
#include "benches/sharers.hpp"

namespace tlbstorm::benches {
namespace {

template <int advice>
void advise(benchmark::State& state, const Setting& setting) {
  const os::Mapping memory = os::Mapping::anonymous(size_of(setting.pages));
  Sharers others(setting.cpus);
  Cost cost(state, others, setting.pages);
  repeat(state, cost, [&] {
    touch(memory.bytes());
    require(::madvise(memory.data(), memory.size().count, advice) == 0, "madvise");
  });
}

const Registered registration([](Catalogue& catalogue) {
  catalogue.add("dontneed/anon", &advise<MADV_DONTNEED>);
  catalogue.add("free/anon", &advise<MADV_FREE>);
});

}  // namespace
}  // namespace tlbstorm::benches

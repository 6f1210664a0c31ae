// SPDX-License-Identifier: Apache-2.0
// What does moving touched pages with mremap(2) cost? (mm/mremap.c: move_page_tables flushes before the old
// place's lock is dropped, once for each page table that it leaves.)
#include <sys/mman.h>

#include "benches/benches.hpp"
#include "benches/cost.hpp"
#include "benches/loops.hpp"
#include "benches/pages.hpp"
#include "benches/sharers.hpp"

namespace tlbstorm::benches {
namespace {

/// There and back again: two moves an operation. Either place stays mapped (MREMAP_DONTUNMAP, Linux 5.7), so
/// that nothing else can come to lie there.
void move(benchmark::State& state, const Setting& setting) {
  const os::Mapping here_room = os::Mapping::anonymous(Batches::room_for(setting.pages)),
                    there_room = os::Mapping::anonymous(Batches::room_for(setting.pages));
  const std::span<std::byte> here = Batches(here_room, setting.pages, setting.pages).all(),
                             there = Batches(there_room, setting.pages, setting.pages).all();
  Sharers others(setting.cpus);
  Cost cost(state, others, setting.pages);
  const auto remap = [&](std::span<std::byte> from, std::span<std::byte> to) {
    return ::mremap(from.data(), from.size(), from.size(), MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP,
                    to.data()) == to.data();
  };
  repeat(state, cost, [&] {
    touch(here);
    require(remap(here, there) && remap(there, here), "mremap(MREMAP_DONTUNMAP)", "it needs Linux 5.7");
  });
}

const RegisteredBenchmark registration([](Catalogue& catalogue) { catalogue.add("mremap/anon", &move); });

}  // namespace
}  // namespace tlbstorm::benches

// SPDX-License-Identifier: Apache-2.0
// What does taking touched pages away cost, by munmap(2), MADV_DONTNEED, MADV_FREE, or moving them with
// mremap(2)? One flush for the call, however many pages (mm/mmu_gather.c: tlb_finish_mmu; mm/mremap.c:
// move_page_tables). Touching the pages is part of an operation: an untouched page has no translation, and
// taking it away flushes nothing.
#include <sys/mman.h>

#include <new>

#include "benches/benches.hpp"
#include "benches/cost.hpp"
#include "benches/sharers.hpp"
#include "harness/os/mapping.hpp"

namespace tlbstorm::benches {
namespace {

void touch(const os::Mapping& memory) {
  for (std::size_t i = 0; i < memory.pages(); ++i)
    *reinterpret_cast<volatile std::byte*>(memory.page(i)) = std::byte{1};
}

os::Bytes size_of(int pages) { return os::page_size() * static_cast<std::uint64_t>(pages); }

void unmap(benchmark::State& state, int sharers, int pages) {
  const Sharers others(sharers, "compact");
  const Cost cost(state, pages);
  for (auto _ : state) touch(os::Mapping::anonymous(size_of(pages)));
}

/// Pages of a mapping that stays.
template <int advice>
void advise(benchmark::State& state, int sharers, int pages) {
  const os::Mapping memory = os::Mapping::anonymous(size_of(pages));
  const Sharers others(sharers, "compact");
  const Cost cost(state, pages);
  for (auto _ : state) {
    touch(memory);
    if (::madvise(memory.data(), memory.size().count, advice) != 0) state.SkipWithError("madvise failed");
  }
}

/// There and back again: two moves an operation. Either place stays mapped (MREMAP_DONTUNMAP, Linux 5.7), so
/// that nothing else can come to lie there.
void move(benchmark::State& state, int sharers, int pages) {
  const os::Mapping here = os::Mapping::anonymous(size_of(pages)),
                    room = os::Mapping::anonymous(size_of(pages));
  const Sharers others(sharers, "compact");
  const Cost cost(state, pages);
  std::byte *from = here.data(), *to = room.data();
  const std::size_t size = here.size().count;
  const auto remap = [&](std::byte* source, std::byte* target) {
    return ::mremap(source, size, size, MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP, target) == target;
  };
  for (auto _ : state) {
    touch(here);
    if (!remap(from, to) || !remap(to, from)) state.SkipWithError("mremap failed");
  }
}

const Registered registration([] {
  add_by_sharers_and_pages("munmap/anon", &unmap);
  add_by_sharers_and_pages("dontneed/anon", &advise<MADV_DONTNEED>);
  add_by_sharers_and_pages("free/anon", &advise<MADV_FREE>);
  add_by_sharers_and_pages("mremap/anon", &move);
});

}  // namespace
}  // namespace tlbstorm::benches

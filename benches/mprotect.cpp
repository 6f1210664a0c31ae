// SPDX-License-Identifier: Apache-2.0
// What does one mprotect(2) cost that takes rights away, and its taking back? (mm/mprotect.c:
// change_protection -> flush_tlb_range: one flush for the range, to every CPU that runs the mm.) Pages are
// written before, so that there are translations to flush; giving rights flushes nothing.
#include <sys/mman.h>

#include "benches/benches.hpp"
#include "benches/cost.hpp"
#include "benches/sharers.hpp"
#include "harness/os/mapping.hpp"

namespace tlbstorm::benches {
namespace {

void flip(benchmark::State& state, int sharers, int pages) {
  const os::Mapping memory = os::Mapping::anonymous(os::page_size() * static_cast<std::uint64_t>(pages));
  const Sharers others(sharers, "compact", memory.bytes());
  const Cost cost(state, pages);
  for (auto _ : state) {
    for (std::size_t i = 0; i < memory.pages(); ++i)
      *reinterpret_cast<volatile std::byte*>(memory.page(i)) = std::byte{1};
    ::mprotect(memory.data(), memory.size().count, PROT_READ);
    ::mprotect(memory.data(), memory.size().count, PROT_READ | PROT_WRITE);
  }
}

const Registered registration([] { add_by_sharers_and_pages("mprotect/anon", &flip); });

}  // namespace
}  // namespace tlbstorm::benches

// SPDX-License-Identifier: Apache-2.0
// What does one mprotect(2) cost that takes rights away, and its taking back? (mm/mprotect.c: one flush for
// the range, to every CPU that runs the mm.) Pages are written before, so that there are translations to
// flush. Where giving the right to write back changes translations that are present, it flushes, too
// (arch/x86/include/asm/tlbflush.h: pte_flags_need_flush): two flushes an operation.
#include <sys/mman.h>

#include "benches/benches.hpp"
#include "benches/cost.hpp"
#include "benches/loops.hpp"
#include "benches/pages.hpp"
#include "benches/sharers.hpp"

namespace tlbstorm::benches {
namespace {

void flip(benchmark::State& state, const Setting& setting) {
  const os::Mapping memory = os::Mapping::anonymous(size_of(setting.pages));
  touch(
      memory.bytes());  // before the sharers do: their reads would map the zero page, and each write copy it
  Sharers others(setting.cpus, memory.bytes());
  Cost cost(state, others, setting.pages);
  repeat(state, cost, [&] {
    touch(memory.bytes());
    require(::mprotect(memory.data(), memory.size().count, PROT_READ) == 0, "mprotect");
    require(::mprotect(memory.data(), memory.size().count, PROT_READ | PROT_WRITE) == 0, "mprotect");
  });
}

const RegisteredBenchmark registration([](Catalogue& catalogue) { catalogue.add("mprotect/anon", &flip); });

}  // namespace
}  // namespace tlbstorm::benches

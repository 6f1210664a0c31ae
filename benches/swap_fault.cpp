// SPDX-License-Identifier: Apache-2.0
// What does a fault on a page cost that is in swap? (mm/memory.c: do_swap_page.) The pages are written and
// pushed out before. From zram it is a decompression, from a device a read that may bring neighbours
// (vm.page-cluster).
#include "benches/benches.hpp"
#include "benches/cost.hpp"
#include "benches/loops.hpp"
#include "benches/pages.hpp"
#include "benches/push_out.hpp"
#include "benches/sharers.hpp"
#include "workloads/random.hpp"

namespace tlbstorm::benches {
namespace {

constexpr int kRound = 512;  // pages that are pushed out at a time

void fault(benchmark::State& state, const Setting& setting, Swap& swap) {
  swap.use();
  Sharers others(setting.cpus);  // first: pages that another CPU made are in its batch, not on the LRU list
  const os::Mapping memory = os::Mapping::anonymous(Batches::room_for(kRound));
  const Batches batches(memory, kRound, setting.pages);
  workloads::fill_random(batches.all(), 1);  // never zero: zero pages don't go to swap
  Cost cost(state, others, setting.pages);
  by_rounds(
      state, cost, batches.count(),
      [&] {
        touch(batches.all());
        push_out(batches.all());
      },
      [&](std::size_t i) { read(batches[i]); });
}

const RegisteredBenchmark registration([](Catalogue& catalogue) {
  Swap& swap = catalogue.swap();
  if (!swap.absent().empty()) return catalogue.skip("fault/swap", swap.absent());
  catalogue.add("fault/swap",
                [&swap](benchmark::State& state, const Setting& setting) { fault(state, setting, swap); });
});

}  // namespace
}  // namespace tlbstorm::benches

// SPDX-License-Identifier: Apache-2.0
// What does reclaiming a page cost? MADV_PAGEOUT runs the same code as kswapd (mm/vmscan.c: reclaim_pages ->
// shrink_folio_list), without its choice of pages. Clean pages share a flush for each list that is reclaimed;
// before a dirty page is written, its translation must be gone from every TLB (try_to_unmap_flush_dirty).
#include <fmt/format.h>
#include <sys/mman.h>

#include "benches/benches.hpp"
#include "benches/cost.hpp"
#include "benches/loops.hpp"
#include "benches/pages.hpp"
#include "benches/push_out.hpp"
#include "benches/sharers.hpp"
#include "workloads/data_file.hpp"
#include "workloads/random.hpp"

namespace tlbstorm::benches {
namespace {

constexpr int kRound = 512;  // pages that are prepared at a time

/// Whether pages did leave: a hundredth may stay, being busy.
class Gone {
 public:
  explicit Gone(const os::Mapping& memory) : memory_(memory) {}
  /// After `pages` of a round were offered.
  void look(std::size_t pages) {
    const std::size_t untouched = kRound - pages, present = os::residency(memory_).present;
    offered_ += pages;
    kept_ += present > untouched ? present - untouched : 0;
  }
  void check() const {
    if (kept_ * 100 > offered_)
      throw os::Error(fmt::format("{} of {} pages stayed in memory", kept_, offered_));
  }

 private:
  const os::Mapping& memory_;
  std::size_t offered_ = 0, kept_ = 0;
};

template <typename Prepare>
void page_out(benchmark::State& state, const Setting& setting, Sharers& others, const os::Mapping& memory,
              Prepare prepare) {
  const Batches batches(memory, kRound, setting.pages);
  Cost cost(state, others, setting.pages);
  Gone gone(memory);
  by_rounds(
      state, cost, batches.count(), [&] { prepare(batches.all()); },
      [&](std::size_t i) {
        require(::madvise(batches[i].data(), batches[i].size(), MADV_PAGEOUT) == 0, "madvise(MADV_PAGEOUT)",
                "it needs Linux 5.4");
      },
      [&](std::size_t done) { gone.look(done * static_cast<std::size_t>(setting.pages)); });
  gone.check();
}

/// Written before each round, and never zero: zero pages don't go to swap.
void dirty_anon(benchmark::State& state, const Setting& setting, Swap& swap) {
  swap.use();
  Sharers others(setting.cpus);  // first: pages that another CPU made are in its batch, not on the LRU list
  const os::Mapping memory = os::Mapping::anonymous(Batches::room_for(kRound));
  workloads::fill_random(Batches(memory, kRound, 1).all(), 1);
  page_out(state, setting, others, memory, [](std::span<std::byte> all) {
    push_out(all);
    touch(all);
  });
}

/// Read before each round. MADV_WILLNEED brings single pages into the cache, where reading would bring large
/// folios, of which a batch may be a part (mm/readahead.c: page_cache_ra_unbounded).
void clean_file(benchmark::State& state, const Setting& setting) {
  Sharers others(setting.cpus);
  const os::Bytes room = Batches::room_for(kRound);
  const os::Fd file = workloads::make_unnamed_file(workloads::data_folder(), room, 1);
  const os::Mapping memory = os::Mapping::file(file, room, true, "the benchmark's file");
  page_out(state, setting, others, memory, [](std::span<std::byte> all) {
    ::madvise(all.data(), all.size(), MADV_WILLNEED);
    read(all);
  });
}

const RegisteredBenchmark registration([](Catalogue& catalogue) {
  try {
    workloads::check_data_folder("$TLBSTORM_DATA_DIR", workloads::data_folder(), Batches::room_for(kRound));
    catalogue.add("pageout/clean_file", &clean_file);
  } catch (const os::UsageError& error) {
    catalogue.skip("pageout/clean_file", error.what());
  }
  Swap& swap = catalogue.swap();
  if (!swap.absent().empty()) return catalogue.skip("pageout/dirty_anon", swap.absent());
  catalogue.add("pageout/dirty_anon", [&swap](benchmark::State& state, const Setting& setting) {
    dirty_anon(state, setting, swap);
  });
});

}  // namespace
}  // namespace tlbstorm::benches

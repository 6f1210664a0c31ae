// SPDX-License-Identifier: Apache-2.0
// What does moving touched pages to another NUMA node cost? (mm/migrate.c: migrate_pages_batch; one flush for
// a batch since Linux 6.3, one for each page before.) There and back again by turns, one move an operation.
#include <numaif.h>

#include <array>
#include <vector>

#include "benches/benches.hpp"
#include "benches/cost.hpp"
#include "benches/loops.hpp"
#include "benches/pages.hpp"
#include "benches/sharers.hpp"

namespace tlbstorm::benches {
namespace {

void move(benchmark::State& state, const Setting& setting, const std::array<int, 2>& nodes) {
  const os::Mapping memory = os::Mapping::anonymous(size_of(setting.pages));
  const auto count = static_cast<std::size_t>(setting.pages);
  std::vector<void*> pages;
  for (std::size_t i = 0; i < count; ++i) pages.push_back(memory.page(i));
  std::vector<int> status(count);
  const std::array targets{std::vector<int>(count, nodes[0]), std::vector<int>(count, nodes[1])};
  std::size_t turn = 0;
  Sharers others(setting.cpus);
  Cost cost(state, others, setting.pages);
  repeat(state, cost, [&] {
    touch(memory.bytes());
    const std::vector<int>& target = targets[++turn % 2];
    require(::move_pages(0, count, pages.data(), target.data(), status.data(), MPOL_MF_MOVE) == 0,
            "move_pages");
    if (status != target) throw os::Error("move_pages did not move all pages");
  });
}

const RegisteredBenchmark registration([](Catalogue& catalogue) {
  const std::vector<int>& nodes = catalogue.machine().topology.memory_nodes;
  if (nodes.size() < 2) return catalogue.skip("migrate/anon", "this machine has one NUMA node");
  catalogue.add("migrate/anon",
                [two = std::array{nodes[0], nodes[1]}](benchmark::State& state, const Setting& setting) {
                  move(state, setting, two);
                });
});

}  // namespace
}  // namespace tlbstorm::benches

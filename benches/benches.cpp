// SPDX-License-Identifier: Apache-2.0
#include "benches/benches.hpp"

#include <fmt/format.h>

#include "benches/sharers.hpp"

namespace tlbstorm::benches {
namespace {

std::vector<std::function<void()>>& registered() {
  static std::vector<std::function<void()>> all;
  return all;
}

std::vector<Skipped>& skipped_ones() {
  static std::vector<Skipped> all;
  return all;
}

}  // namespace

Registered::Registered(std::function<void()> add) { registered().push_back(std::move(add)); }

void add_registered() {
  for (const auto& add : registered()) add();
}

void skip(const std::string& name, const std::string& reason) { skipped_ones().push_back({name, reason}); }

std::span<const Skipped> skipped() { return skipped_ones(); }

void add_by_sharers_and_pages(const std::string& name, const Question& question, int most) {
  for (int sharers = 0; sharers == 0 || Sharers::fit(sharers); sharers = 2 * sharers + 1)
    for (const int pages : {1, 64, most})
      benchmark::RegisterBenchmark(fmt::format("{}/sharers:{}/pages:{}", name, sharers, pages).c_str(),
                                   [=](benchmark::State& state) { question(state, sharers, pages); })
          ->UseRealTime()
          ->Unit(benchmark::kMicrosecond);
  if (!Sharers::fit(1)) skip(name + "/sharers:1", "this machine has one CPU");
}

}  // namespace tlbstorm::benches

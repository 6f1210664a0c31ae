// SPDX-License-Identifier: Apache-2.0
#include "benches/benches.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "benches/sharers.hpp"
#include "harness/os/error.hpp"

namespace tlbstorm::benches {
namespace {

constexpr int kPlacedPages = 64;

std::vector<std::function<void(Catalogue&)>>& registered() {
  static std::vector<std::function<void(Catalogue&)>> all;
  return all;
}

std::string named(const std::string& name, std::size_t sharers, int pages) {
  return fmt::format("{}/sharers:{}/pages:{}", name, sharers, pages);
}

std::string message_of(const os::Error& error) {
  return error.hint().empty() ? error.what() : fmt::format("{} ({})", error.what(), error.hint());
}

/// 0, 1, 3, 7 ... and as many as there can be.
std::vector<std::size_t> numbers_of_sharers(std::size_t most) {
  std::vector<std::size_t> numbers;
  for (std::size_t number = 0; number < most; number = 2 * number + 1) numbers.push_back(number);
  numbers.push_back(most);
  return numbers;
}

/// What it throws is its error.
benchmark::internal::Benchmark* add_timed(const std::string& name,
                                          const std::function<void(benchmark::State&)>& run) {
  const auto guarded = [run](benchmark::State& state) {
    try {
      run(state);
    } catch (const os::Error& error) {
      state.SkipWithError(message_of(error).c_str());
    } catch (const std::exception& error) {
      state.SkipWithError(error.what());
    }
  };
  return benchmark::RegisterBenchmark(name.c_str(), guarded)->UseRealTime()->Unit(benchmark::kMicrosecond);
}

}  // namespace

RegisteredBenchmark::RegisteredBenchmark(std::function<void(Catalogue&)> add) {
  registered().push_back(std::move(add));
}

void add_registered(Catalogue& catalogue) {
  for (const auto& add : registered()) add(catalogue);
}

void Catalogue::skip(const std::string& name, const std::string& reason) {
  const bool known =
      std::any_of(skipped_.begin(), skipped_.end(), [&](const Skipped& one) { return one.name == name; });
  if (!known) skipped_.push_back({name, reason});
}

benchmark::internal::Benchmark* Catalogue::add_one(const std::string& name,
                                                   std::function<void(benchmark::State&)> run) {
  return add_timed(name, [this, run = std::move(run)](benchmark::State& state) {
    if (state.thread_index() == 0) traced_.reset();  // the loop of all threads begins when it is there
    run(state);
  });
}

void Catalogue::add_question(const std::string& name, const Question& question, const Setting& setting) {
  add_timed(name, [this, question, setting](benchmark::State& state) {
    if (!traced_) traced_.emplace();
    question(state, setting);
  });
}

void Catalogue::add(const std::string& name, const Question& question) {
  const std::size_t cpus = machine_.topology.cpus.size();
  for (const std::size_t sharers : numbers_of_sharers(cpus - 1))
    for (const int pages : {1, 64, 512})
      add_question(named(name, sharers, pages), question,
                   {cpus_of(machine_.topology, "compact", sharers), pages});
  if (cpus == 1) return skip("*/sharers:1", "this machine has one CPU for us");
  for (const char* const placement : {"same-core", "other-socket"}) add_placed(name, question, placement);
}

void Catalogue::add_placed(const std::string& name, const Question& question, const std::string& placement) {
  const std::string full = fmt::format("{}/placement:{}", named(name, 1, kPlacedPages), placement);
  const std::vector<int> cpus = cpus_of(machine_.topology, placement, 1);
  if (cpus.empty())
    return skip("*/placement:" + placement,
                fmt::format("no two of our CPUs are {}",
                            placement == "same-core" ? "on one core" : "on different sockets"));
  add_question(full, question, {cpus, kPlacedPages});
}

}  // namespace tlbstorm::benches

// SPDX-License-Identifier: Apache-2.0
// What the files of benches/ share: how a file adds its benchmarks, and the list of those that this machine
// can't run. Names are an interface, docs/benches.md has their rule: operation/memory, then named arguments,
// as in mprotect/anon/sharers:1/pages:64.
#pragma once

#include <benchmark/benchmark.h>

#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "benches/swap.hpp"
#include "harness/machine/facts.hpp"
#include "harness/probe/shootdowns.hpp"

namespace tlbstorm::benches {

/// What one operation meets.
struct Setting {
  std::vector<int> cpus;  ///< the caller's, then one for each CPU that shares its memory
  int pages = 1;          ///< in one operation
};
using Question = std::function<void(benchmark::State&, const Setting&)>;

/// A benchmark that this machine can't run, and why.
struct Skipped {
  std::string name;
  std::string reason;
};

/// What there is to run here. Outlives the running.
class Catalogue {
 public:
  /// `scratch` is a folder for what benchmarks write.
  Catalogue(const machine::Machine& machine, Swap& swap, const std::filesystem::path& scratch)
      : machine_(machine), swap_(swap), scratch_(scratch) {}

  const machine::Machine& machine() const { return machine_; }
  Swap& swap() { return swap_; }
  const std::filesystem::path& scratch() const { return scratch_; }

  /// Adds NAME/sharers:S/pages:P for 0, 1, 3, 7 ... and all other CPUs, and for 1, 64 and 512 pages, with the
  /// CPUs that the placement "compact" takes; and NAME/sharers:1/pages:64/placement:X for one that is the
  /// other hyperthread of the caller's core, and one on another socket.
  void add(const std::string& name, const Question& question);
  /// One that is timed by the wall clock. What it throws is its error. No flush is traced while it runs: an
  /// enabled tracepoint costs each flush of the machine.
  benchmark::internal::Benchmark* add_one(const std::string& name,
                                          std::function<void(benchmark::State&)> run);

  /// Once for each name, which may be a pattern.
  void skip(const std::string& name, const std::string& reason);
  std::span<const Skipped> skipped() const { return skipped_; }

 private:
  void add_placed(const std::string& name, const Question& question, const std::string& placement);
  void add_question(const std::string& name, const Question& question, const Setting& setting);

  const machine::Machine& machine_;
  Swap& swap_;
  const std::filesystem::path& scratch_;
  std::vector<Skipped> skipped_;
  /// Keeps the tracepoint on from one question to the next: the kernel takes tens of milliseconds to turn it
  /// on and off.
  std::optional<probe::Shootdowns> traced_;
};

/// The last statement of a file: `add` is called once, from main.
class RegisteredBenchmark {
 public:
  explicit RegisteredBenchmark(std::function<void(Catalogue&)> add);
};
void add_registered(Catalogue& catalogue);

}  // namespace tlbstorm::benches

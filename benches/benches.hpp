// SPDX-License-Identifier: Apache-2.0
// What the files of benches/ share: how a file adds its benchmarks, and the list of those that this machine
// can't run. Names are an interface: group/operation, then named arguments, as in
// mprotect/anon/sharers:1/pages:64.
#pragma once

#include <benchmark/benchmark.h>

#include <functional>
#include <span>
#include <string>
#include <vector>

namespace tlbstorm::benches {

/// One benchmark for each registered probe; called from main, when all of them are registered.
void register_probes();

/// A benchmark that this machine can't run, and why.
struct Skipped {
  std::string name;
  std::string reason;
};
void skip(const std::string& name, const std::string& reason);
std::span<const Skipped> skipped();

/// The last statement of a file: `add` is called from main, once.
class Registered {
 public:
  explicit Registered(std::function<void()> add);
};
void add_registered();

/// One operation on pages that other CPUs share.
using Question = std::function<void(benchmark::State&, int sharers, int pages)>;

/// Adds NAME/sharers:S/pages:P for 0, 1, 3, 7 ... other CPUs as far as there are such, and for 1 and 64 and
/// `most` pages a call.
void add_by_sharers_and_pages(const std::string& name, const Question& question, int most = 512);

}  // namespace tlbstorm::benches

// SPDX-License-Identifier: Apache-2.0
// What a script would do.
#pragma once

#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <cstdio>
#include <string_view>

#include "harness/os/error.hpp"

namespace tlbstorm::benches {

/// A process for each sample: awk with a program that prints a line, on one file.
inline void sample_by_awk(benchmark::State& state, std::string_view program, std::string_view file) {
  const std::string command = fmt::format("awk '{}' {}", program, file);
  for (auto _ : state) {
    FILE* const output = ::popen(command.c_str(), "re");
    char line[64];
    const bool answered = output != nullptr && std::fgets(line, sizeof line, output) != nullptr;
    if (output != nullptr) ::pclose(output);
    if (!answered) throw os::Error("no awk here");
  }
}

}  // namespace tlbstorm::benches

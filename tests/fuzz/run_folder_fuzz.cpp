// SPDX-License-Identifier: Apache-2.0
// Any run folder: what can be read can be summarised.
#include <array>

#include "harness/record/run_folder.hpp"
#include "harness/report/summary.hpp"
#include "tests/fuzz/input.hpp"

using namespace tlbstorm;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::array<std::string_view, 5> kFiles{"run.json", "trials.csv", "rounds.csv", "latency.csv",
                                                   "trials.jsonl"};
  const std::filesystem::path folder = fuzz::folder(fuzz::text_of(data, size), kFiles);
  fuzz::may_refuse([&] { report::summarise(record::read_run(folder)); });
  return 0;
}

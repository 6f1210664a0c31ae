// SPDX-License-Identifier: Apache-2.0
// Any batch.json over two run folders: what can be read can be tabulated.
#include <array>

#include "harness/record/batch.hpp"
#include "harness/report/batch_table.hpp"
#include "tests/fuzz/input.hpp"

using namespace tlbstorm;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::array<std::string_view, 5> kFiles{"batch.json", "a/run.json", "a/trials.csv", "b/run.json",
                                                   "b/trials.csv"};
  const std::filesystem::path folder = fuzz::folder(fuzz::text_of(data, size), kFiles);
  fuzz::may_refuse([&] { report::tabulate(record::read_batch(folder)); });
  return 0;
}

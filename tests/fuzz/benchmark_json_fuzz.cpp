// SPDX-License-Identifier: Apache-2.0
// Any output of Google Benchmark: what can be read is a run whose trials are valid, can be summarised, and be
// modelled unless that is refused.
#include "harness/record/benchmark_json.hpp"
#include "harness/report/model_formats.hpp"
#include "harness/report/summary.hpp"
#include "tests/fuzz/input.hpp"

using namespace tlbstorm;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::filesystem::path file = fuzz::memory_file(fuzz::text_of(data, size));
  if (!record::is_benchmark_file(file)) return 0;
  fuzz::may_refuse([&] {
    const record::RunFolder run = record::read_benchmark(file);
    for (const record::Series& series : run.series)
      for (const auto& [trial, value] : series.by_trial)
        if (!run.valid(trial)) std::abort();
    report::summarise(run);
  });
  fuzz::may_refuse([&] {
    const compare::ModelReport report = compare::make_models(compare::read_families({file}), {.of = {"*"}});
    for (const report::ModelFormat& format : report::model_formats()) format.print(report);
  });
  return 0;
}

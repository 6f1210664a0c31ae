// SPDX-License-Identifier: Apache-2.0
// Any samples.csv with any list of columns: figures are of trials that the manifest knows.
#include <array>

#include "harness/judge/sample_digest.hpp"
#include "tests/fuzz/input.hpp"

using namespace tlbstorm;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::array<std::string_view, 2> kFiles{"run.json", "samples.csv"};
  const std::filesystem::path folder = fuzz::folder(fuzz::text_of(data, size), kFiles);
  fuzz::may_refuse([&] {
    const record::RunFolder run = record::read_run(folder);
    for (const judge::DigestSeries& series : judge::digest_samples(run).series)
      if (series.by_trial.empty() || series.by_trial.size() > run.manifest.trials.size()) std::abort();
  });
  return 0;
}

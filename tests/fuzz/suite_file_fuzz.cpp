// SPDX-License-Identifier: Apache-2.0
// Any suite file: its lines become runs, or are refused.
#include "harness/campaign/suite_file.hpp"
#include "tests/fuzz/input.hpp"

using namespace tlbstorm;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = fuzz::text_of(data, size);
  if (text.find("config") != std::string_view::npos) return 0;  // would read any file of this machine
  fuzz::may_refuse([&] { campaign::runs_of(campaign::parse_suite("fuzz", text), {}); });
  return 0;
}

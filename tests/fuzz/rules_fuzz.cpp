// SPDX-License-Identifier: Apache-2.0
// Any file of a gate's rules: they are read, and their bounds held against every kind of unit, or refused.
#include "harness/compare/gate/rule.hpp"
#include "tests/fuzz/input.hpp"

using namespace tlbstorm;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::may_refuse([&] {
    const auto rules = compare::read_rules(fuzz::memory_file(fuzz::text_of(data, size)));
    for (const compare::Rule& rule : rules)
      for (const char* const unit : {"ns", "s", "bytes", "bytes/s", "ratio", "IPIs/page", ""})
        fuzz::may_refuse([&] { rule.bound_in(unit); });
  });
  return 0;
}

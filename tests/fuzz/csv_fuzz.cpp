// SPDX-License-Identifier: Apache-2.0
// Any CSV: rows have as many fields as the header, and fields are numbers or are refused.
#include "harness/record/csv_reader.hpp"
#include "tests/fuzz/input.hpp"

using namespace tlbstorm;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::may_refuse([&] {
    record::CsvReader reader(fuzz::memory_file(fuzz::text_of(data, size)));
    std::vector<std::string_view> row;
    while (reader.next(row)) {
      if (row.size() != reader.header().size()) std::abort();
      for (const std::string_view field : row) {
        fuzz::may_refuse([&] { record::to_double(reader, field); });
        fuzz::may_refuse([&] { record::to_index(reader, "trial", field); });
      }
    }
  });
  return 0;
}

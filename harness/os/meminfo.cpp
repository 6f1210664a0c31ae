// SPDX-License-Identifier: Apache-2.0
#include "harness/os/meminfo.hpp"

#include <fmt/format.h>

#include "harness/os/error.hpp"
#include "harness/os/fd.hpp"

namespace tlbstorm::os {

Bytes read_meminfo(std::string_view key) {
  constexpr const char* kPath = "/proc/meminfo";
  const auto found = meminfo(read_text(kPath), key);
  if (!found) throw Error(fmt::format("{}: no line {}", kPath, key));
  return *found;
}

}  // namespace tlbstorm::os

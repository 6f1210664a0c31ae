// SPDX-License-Identifier: Apache-2.0
#include "workloads/page_check.hpp"

#include <fmt/format.h>

#include <vector>

#include "workloads/page_damage.hpp"

namespace tlbstorm::workloads {

bool check_page(trial::Worker& worker, const PageSealer& sealer, std::string_view where,
                const std::byte* page, std::uint64_t address, std::uint32_t version) {
  if (sealer.is_right(page, address, version)) [[likely]]
    return true;
  // A copy: what is described and kept must not change in between.
  const std::vector<std::byte> found(page, page + sealer.page_bytes());
  std::vector<std::byte> expected(sealer.page_bytes());
  sealer.fill(expected.data(), address, version);
  worker.report_wrong_page(
      fmt::format("{} at {}", where, describe(sealer, {found, expected, address, version})), found, expected);
  return false;
}

}  // namespace tlbstorm::workloads

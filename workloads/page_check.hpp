// SPDX-License-Identifier: Apache-2.0
// A page is looked at whole where it stands; a wrong one is counted, described and kept.
#pragma once

#include <string_view>

#include "harness/trial/worker.hpp"
#include "workloads/page_seal.hpp"

namespace tlbstorm::workloads {

/// Whether the page is right. One that is not is reported as of `where`, "the working set".
bool check_page(trial::Worker& worker, const PageSealer& sealer, std::string_view where,
                const std::byte* page, std::uint64_t address, std::uint32_t version = 0);

}  // namespace tlbstorm::workloads

// SPDX-License-Identifier: Apache-2.0
// What a wrong page looks like, for whoever has to find out why: each of its sectors is held against what
// should be there, against zeros, and against the page that it says it is.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "workloads/page_seal.hpp"

namespace tlbstorm::workloads {

/// A page as it was found, where one should be that the sealer filled.
struct WrongPage {
  std::span<const std::byte> found;
  std::span<const std::byte> expected;
  std::uint64_t address;
  std::uint32_t version;
};

/// One line: the kind of damage, how much of the page differs, and the first words that do.
std::string describe(const PageSealer& sealer, const WrongPage& page);

}  // namespace tlbstorm::workloads

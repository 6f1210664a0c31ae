// SPDX-License-Identifier: Apache-2.0
// The page at the start of a swap area. Linux: include/linux/swap.h: union swap_header; the same that
// mkswap(8) writes, with the label "tlbstorm".
#pragma once

#include <string>
#include <string_view>

#include "harness/os/units.hpp"

namespace tlbstorm::os {

/// A new random UUID, as 32 hexadecimal digits.
std::string new_uuid();

/// The header page of an area of `size` bytes.
std::string make_swap_header(Bytes size, const std::string& uuid);

/// The UUID of a page that is a swap header with our label; empty when it is none.
std::string swap_header_uuid(std::string_view page);

}  // namespace tlbstorm::os

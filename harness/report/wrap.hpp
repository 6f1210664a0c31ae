// SPDX-License-Identifier: Apache-2.0
// Text in lines of a width.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace tlbstorm::report {

/// Broken between words, each line ended. The first begins with `first`, the others with as many blanks. A
/// word that is longer than a line stands over it, unless `cut`.
std::string wrap(std::string_view first, std::string_view text, std::size_t width, bool cut = false);

}  // namespace tlbstorm::report

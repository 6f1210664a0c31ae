// SPDX-License-Identifier: Apache-2.0
// Whether a text is UTF-8: manifests are JSON, which takes no other.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace tlbstorm::os {

/// RFC 3629: no longer form than needed, no surrogates, nothing above U+10FFFF.
inline bool is_utf8(std::string_view text) {
  constexpr std::array<std::uint32_t, 4> kLeast{0, 0x80, 0x800, 0x10000};
  for (std::size_t i = 0; i < text.size();) {
    const auto first = static_cast<unsigned char>(text[i++]);
    const std::size_t more = first < 0x80                    ? 0
                             : first >= 0xc0 && first < 0xe0 ? 1
                             : first >= 0xe0 && first < 0xf0 ? 2
                             : first >= 0xf0 && first < 0xf8 ? 3
                                                             : 4;
    if (more == 4 || text.size() - i < more) return false;
    std::uint32_t code = more == 0 ? first : first & (0x3fU >> more);
    for (std::size_t end = i + more; i < end; ++i) {
      const auto next = static_cast<unsigned char>(text[i]);
      if ((next & 0xc0) != 0x80) return false;
      code = code << 6 | (next & 0x3f);
    }
    if (code < kLeast[more] || code > 0x10ffff || (code >= 0xd800 && code < 0xe000)) return false;
  }
  return true;
}

}  // namespace tlbstorm::os

// SPDX-License-Identifier: Apache-2.0
#include "harness/report/wrap.hpp"

#include <algorithm>

namespace tlbstorm::report {

std::string wrap(std::string_view first, std::string_view text, std::size_t width, bool cut) {
  const std::string indent(first.size(), ' ');
  std::string out, line(first);
  while (!text.empty()) {
    const std::string_view word = text.substr(0, text.find(' '));
    text.remove_prefix(std::min(word.size() + 1, text.size()));
    const bool begins = line.size() == indent.size();
    if (!begins && line.size() + 1 + word.size() > width) {
      out += line + "\n";
      line = indent;
    }
    if (line.size() != indent.size()) line += ' ';
    line += word;
    for (; cut && line.size() > width; line = indent + line.substr(width))
      out += line.substr(0, width) + "\n";
  }
  return out + line + "\n";
}

}  // namespace tlbstorm::report

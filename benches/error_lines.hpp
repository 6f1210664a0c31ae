// SPDX-License-Identifier: Apache-2.0
// Where the library's reporters write what is not a result: to stderr, line by line, but for the line that
// nothing matches, which is told with option and remedy as every other refusal is.
#pragma once

#include <iostream>
#include <sstream>
#include <string>
#include <string_view>

namespace tlbstorm::benches {

class ErrorLines final : public std::stringbuf {
 public:
  ErrorLines() : std::stringbuf(std::ios::out | std::ios::ate) {}

 protected:
  int sync() override {
    constexpr std::string_view kOurs = "Failed to match any benchmarks";
    std::string text = str();
    for (std::size_t end = 0; (end = text.find('\n')) != std::string::npos; text.erase(0, end + 1))
      if (!text.starts_with(kOurs)) std::cerr << text.substr(0, end + 1);
    str(text);
    return 0;
  }
};

}  // namespace tlbstorm::benches

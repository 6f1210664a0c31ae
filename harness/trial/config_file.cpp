// SPDX-License-Identifier: Apache-2.0
#include "harness/trial/config_file.hpp"

#include <fmt/format.h>

#include "harness/os/error.hpp"
#include "harness/os/named_path.hpp"
#include "harness/os/text.hpp"

namespace tlbstorm::trial {
namespace {

std::string_view without_quotes(std::string_view value) {
  for (const char quote : {'"', '\''})
    if (value.size() > 1 && value.front() == quote && value.back() == quote)
      return value.substr(1, value.size() - 2);
  return value;
}

}  // namespace

Words parse_config(std::string_view text, const std::string& path) {
  Words words;
  for (int number = 1; !text.empty(); ++number) {
    const std::string_view line = os::trim(os::take_line(text));
    if (line.empty() || line.front() == '#' || line.front() == ';') continue;
    const std::size_t equals = line.find('=');
    const std::string_view name = os::trim(line.substr(0, equals));
    const bool plain = !name.empty() && name.front() != '-' && name.find_first_of(" \t\"'[") == name.npos;
    if (!plain || name == "config")
      throw os::UsageError("--config", fmt::format("{}:{}", path, number), "not OPTION = VALUE",
                           "name options without their dashes, one per line: trials = 5");
    words.push_back(fmt::format("--{}", name));
    if (equals != line.npos)
      words.back() += fmt::format("={}", without_quotes(os::trim(line.substr(equals + 1))));
  }
  return words;
}

Words read_config(const std::string& path) {
  return parse_config(os::read_named_file("--config", path, "name a file of options, one per line"), path);
}

}  // namespace tlbstorm::trial

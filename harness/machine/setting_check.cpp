// SPDX-License-Identifier: Apache-2.0
#include "harness/machine/setting_check.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace tlbstorm::machine {

std::string write_command(const std::string& path, const std::string& value) {
  constexpr std::string_view kSysctl = "proc/sys/";
  if (!path.starts_with(kSysctl)) return fmt::format("echo {} > /{}", value, path);
  std::string key = path.substr(kSysctl.size());
  std::replace(key.begin(), key.end(), '/', '.');
  return fmt::format("sysctl -w {}={}", key, value);
}

Diagnosis check_setting(const Snapshot& snapshot, const Setting& setting) {
  Diagnosis finding{
      Grade::ok, setting.absent, fmt::format("{}", fmt::join(setting.wanted, " or ")), setting.why, "", {}};
  const auto text = snapshot.text(setting.path);
  if (!text) return finding;
  finding.found = chosen(*text);
  if (std::find(setting.wanted.begin(), setting.wanted.end(), finding.found) != setting.wanted.end())
    return finding;
  finding.grade = setting.otherwise;
  finding.fix = write_command(setting.path, setting.wanted.front());
  finding.repairs = {{snapshot.root / setting.path, setting.wanted.front()}};
  return finding;
}

}  // namespace tlbstorm::machine

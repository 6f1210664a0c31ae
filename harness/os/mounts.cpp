// SPDX-License-Identifier: Apache-2.0
#include "harness/os/mounts.hpp"

#include <fmt/format.h>

#include "harness/os/swaps.hpp"
#include "harness/os/text.hpp"

namespace tlbstorm::os {

std::vector<Mount> parse_mountinfo(std::string_view text) {
  std::vector<Mount> mounts;
  while (!text.empty()) {
    std::string_view line = take_line(text);
    Mount mount;
    mount.id = static_cast<int>(to_number(take_field(line)).value_or(0));
    for (int skipped = 0; skipped < 2; ++skipped) take_field(line);  // parent, device
    mount.root = unescape_path(take_field(line));
    mount.mount_point = unescape_path(take_field(line));
    while (!line.empty() && take_field(line) != "-") {  // options and optional fields end at a dash
    }
    mount.type = take_field(line);
    take_field(line);  // source
    mount.super_options = take_field(line);
    if (!mount.mount_point.empty() && !mount.type.empty()) mounts.push_back(std::move(mount));
  }
  return mounts;
}

std::optional<Mount> mount_of(const Fd& fd) {
  const auto facts = try_read_text(fmt::format("/proc/self/fdinfo/{}", fd.get()));
  const auto id = to_number(find_value(facts.value_or(""), "mnt_id", ':').value_or(""));
  if (!id) return std::nullopt;
  for (Mount& mount : parse_mountinfo(try_read_text("/proc/self/mountinfo").value_or("")))
    if (mount.id == static_cast<int>(*id)) return std::move(mount);
  return std::nullopt;
}

}  // namespace tlbstorm::os

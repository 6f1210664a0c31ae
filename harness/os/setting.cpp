// SPDX-License-Identifier: Apache-2.0
#include "harness/os/setting.hpp"

#include <fmt/format.h>

#include <array>

#include "harness/os/error.hpp"
#include "harness/os/text.hpp"

namespace tlbstorm::os {
namespace {

namespace fs = std::filesystem;

/// Documentation/admin-guide/sysctl/vm.rst: "the counterpart of"; setting one sets the other to 0.
constexpr std::array<std::array<std::string_view, 2>, 3> kPairs{
    {{"/proc/sys/vm/dirty_bytes", "/proc/sys/vm/dirty_ratio"},
     {"/proc/sys/vm/dirty_background_bytes", "/proc/sys/vm/dirty_background_ratio"},
     {"/proc/sys/vm/overcommit_kbytes", "/proc/sys/vm/overcommit_ratio"}}};

std::string partner_of(const fs::path& path) {
  for (const auto& [one, other] : kPairs) {
    if (path == one) return std::string(other);
    if (path == other) return std::string(one);
  }
  return "";
}

std::string value_of(const fs::path& path) {
  try {
    return std::string(chosen(read_text(path)));
  } catch (const SystemError& error) {
    throw Error(fmt::format("{} can't be read ({}), so it could not be put back", path.native(),
                            errno_text(error.code())),
                "set it yourself, if it is an action and not a setting");
  }
}

}  // namespace

void set_kernel_file(Journal& journal, const fs::path& path, const std::string& value) {
  Change change{Change::Kind::value, path, value_of(path)};
  change.partner = partner_of(path);
  if (!change.partner.empty()) change.partner_before = value_of(change.partner);
  journal.make(change, [&] {
    try {
      write_text(path, value);
    } catch (const SystemError&) {  // of several numbers the kernel may have taken the first ones
      if (value_of(path) != change.before) write_text(path, change.before);
      throw;
    }
    return value_of(path);
  });
}

}  // namespace tlbstorm::os

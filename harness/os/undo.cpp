// SPDX-License-Identifier: Apache-2.0
#include "harness/os/undo.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>

#include "harness/os/error.hpp"

namespace tlbstorm::os {
namespace {

Undone attempt(const Change& change, bool same_boot) {
  switch (change.kind) {
    case Change::Kind::file:
      return undoing::file(change, same_boot);
    case Change::Kind::folder:
      return undoing::folder(change, same_boot);
    case Change::Kind::swap:
      return undoing::swap(change);
    case Change::Kind::cgroup:
      return undoing::cgroup(change);
    case Change::Kind::controller:
      return undoing::controller(change);
    case Change::Kind::value:
      return undoing::value(change);
    case Change::Kind::zram_add:
      return undoing::zram_add(change);
    case Change::Kind::zram:
      return undoing::zram(change);
    case Change::Kind::swap_header:
      return undoing::swap_header(change);
  }
  return undoing::given_up("a change of unknown kind");
}

/// Whether no other attempt can do better: there is no such thing, or it takes no such value.
bool is_final(int error) {
  static constexpr std::array<int, 8> kFinal{ENOENT,  ENODEV, ENXIO,  EINVAL,
                                             ENOTDIR, ELOOP,  ERANGE, EOPNOTSUPP};
  return std::find(kFinal.begin(), kFinal.end(), error) != kFinal.end();
}

}  // namespace

Undone undo(const Change& change, bool same_boot) {
  try {
    return attempt(change, same_boot);
  } catch (const SystemError& error) {
    if (!is_final(error.code())) throw;
    return undoing::given_up(error.what());  // it would be told for ever
  } catch (const std::filesystem::filesystem_error& error) {
    return undoing::given_up(error.code().message());
  }
}

}  // namespace tlbstorm::os

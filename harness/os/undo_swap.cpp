// SPDX-License-Identifier: Apache-2.0
// Swap, zram devices and swap headers. Whether an area is in use is asked of the kernel by device and inode:
// its names may be written in many ways, and a node may mean another device by now.
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/swap.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <optional>
#include <vector>

#include "harness/os/error.hpp"
#include "harness/os/identity.hpp"
#include "harness/os/mapping.hpp"
#include "harness/os/swap_header.hpp"
#include "harness/os/swaps.hpp"
#include "harness/os/text.hpp"
#include "harness/os/undo.hpp"

namespace tlbstorm::os::undoing {
namespace {

namespace fs = std::filesystem;

constexpr const char* kAnother = "it is another device by now";

/// The active area that is this file or device.
std::optional<std::string> active_area(const std::string& identity) {
  for (const SwapArea& area : parse_swaps(read_text("/proc/swaps")))
    if (same_identity(identity_at(AT_FDCWD, area.path), identity)) return area.path;
  return std::nullopt;
}

/// An area whose file was removed while it was on can't be named any more.
bool is_active_without_a_name(const std::string& path) {
  const std::vector<SwapArea> areas = parse_swaps(read_text("/proc/swaps"));
  return std::any_of(areas.begin(), areas.end(),
                     [&](const SwapArea& area) { return area.path == path + " (deleted)"; });
}

void swap_off(const std::string& path, const std::string& identity) {
  const Fd area = Fd::open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  if (!same_identity(identity_of(area), identity)) throw SystemError("swapoff", path, EAGAIN);
  const std::string by_descriptor = fmt::format("/proc/self/fd/{}", area.get());
  int result = -1;
  do result = ::swapoff(by_descriptor.c_str());
  while (result != 0 && errno == EINTR);  // a stop (Ctrl-Z), a suspend or a tracer; nothing is lost
  if (result != 0)
    throw SystemError("swapoff", path, errno, fmt::format("free some memory, then: swapoff {}", path));
}

/// A change without a proof is of an older version's journal.
std::string identity_in(const Change& change) {
  return change.proof.empty() ? identity_at(AT_FDCWD, change.target) : change.proof;
}

std::string number_of(const std::string& device) {
  const std::string name = fs::path(device).filename();
  return name.starts_with("zram") && to_number(std::string_view(name).substr(4)) ? name.substr(4) : "";
}

std::string size_of(const fs::path& sysfs) {
  return std::string(trim(try_read_text(sysfs / "disksize").value_or("")));
}

/// Without O_EXCL: a device that somebody uses is looked at as well.
std::string uuid_on(const std::string& device) {
  const Fd fd = Fd::open(device, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  std::string page(page_size().count, '\0');
  if (::pread(fd.get(), page.data(), page.size(), 0) != static_cast<ssize_t>(page.size())) return "";
  return swap_header_uuid(page);
}

void write_zeros(const Fd& device, off_t at, std::size_t bytes, const std::string& path) {
  const std::vector<char> zeros(bytes, 0);
  if (::pwrite(device.get(), zeros.data(), bytes, at) != static_cast<ssize_t>(bytes))
    throw SystemError("write zeros to", path, errno);
}

}  // namespace

Undone swap(const Change& change) {
  const std::string identity = identity_in(change);
  if (const auto path = active_area(identity)) {
    swap_off(*path, identity);
    return undone();
  }
  if (is_active_without_a_name(change.target))
    return given_up("its file was removed while it was on: only a reboot ends it");
  return nothing();
}

/// Whoever was to add it was killed: a device with our header is it, one without a size may be.
Undone zram_add(const Change& change) {
  std::string added;
  for (const fs::directory_entry& entry : fs::directory_iterator("/sys/block")) {
    const std::string name = entry.path().filename();
    const bool known = (" " + change.before + " ").find(" " + name + " ") != std::string::npos;
    if (number_of(name).empty() || known) continue;
    if (size_of(entry.path()) == "0")
      added += " " + name;
    else if (!change.target.empty() && uuid_on("/dev/" + name) == change.target)
      return zram({Change::Kind::zram, "/dev/" + name, change.target});
  }
  if (added.empty()) return nothing();
  return given_up(fmt::format(
      "it can't be told whether{} is it; if nobody uses it: echo NUMBER > /sys/class/zram-control/hot_remove",
      added));
}

/// A device without a size is of no use to anyone; one with a size has to have our swap header.
Undone zram(const Change& change) {
  const std::string number = number_of(change.target);
  if (number.empty()) return not_ours("it is not a zram device");
  const fs::path sysfs = fs::path("/sys/block") / ("zram" + number);
  if (!fs::exists(sysfs)) return nothing();
  if (!change.proof.empty() && !same_identity(change.proof, identity_at(AT_FDCWD, change.target)))
    return not_ours(kAnother);
  const std::string size = size_of(sysfs);
  if (size != "0" && !change.before.empty() && uuid_on(change.target) != change.before)
    return not_ours("it does not have our swap header");
  const std::string remedy = fmt::format("end who uses {0}, then: zramctl --reset {0}", change.target);
  try {
    // Resets it as well. By a reset of our own someone else could take it for free, and we would remove
    // theirs.
    write_text("/sys/class/zram-control/hot_remove", number);
  } catch (const SystemError& error) {
    throw SystemError("remove", change.target, error.code(), remedy);
  }
  return undone();
}

/// Blank again where one looks for what is on a device: its first and its last MiB. A device's name may mean
/// another device by now: only one that bears the very header that we wrote is touched.
Undone swap_header(const Change& change) {
  constexpr off_t kEdge = 1 << 20;
  const std::string& path = change.target;
  if (change.before.empty()) return given_up("the journal does not say which");
  if (!fs::exists(path))
    return given_up(fmt::format(
        "there is no such device now; should it come back, it has our swap header, UUID {}", change.before));
  if (active_area(identity_at(AT_FDCWD, path)))
    throw SystemError("take the swap header off", path, EBUSY, fmt::format("swapoff {}", path));
  const Fd device = Fd::open(path, O_RDWR | O_EXCL | O_NOFOLLOW | O_NONBLOCK);  // fails if someone uses it
  std::string page(page_size().count, '\0');
  if (::pread(device.get(), page.data(), page.size(), 0) != static_cast<ssize_t>(page.size()))
    throw SystemError("read the swap header of", path, errno);
  if (swap_header_uuid(page) != change.before) return nothing();
  const off_t edge = std::min(kEdge, ::lseek(device.get(), 0, SEEK_END));
  write_zeros(device, ::lseek(device.get(), -edge, SEEK_END), static_cast<std::size_t>(edge), path);
  write_zeros(device, 0, static_cast<std::size_t>(edge), path);
  if (::fsync(device.get()) != 0) throw SystemError("fsync", path, errno);
  return undone();
}

}  // namespace tlbstorm::os::undoing

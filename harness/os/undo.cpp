// SPDX-License-Identifier: Apache-2.0
// How each kind of change is taken back.
#include <fmt/format.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/swap.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <thread>
#include <vector>

#include "harness/os/error.hpp"
#include "harness/os/journal.hpp"
#include "harness/os/mapping.hpp"
#include "harness/os/swap_header.hpp"
#include "harness/os/text.hpp"

namespace tlbstorm::os {
namespace {

namespace fs = std::filesystem;

/// A journal is a text file; a wrong line in it must not cost anyone a file.
void require_own_name(const std::string& path) {
  if (fs::path(path).filename().native().find("tlbstorm-") == std::string::npos)
    throw Error(fmt::format("remove {}: it does not bear the name of tlbstorm, left alone", path));
}

void remove_file(const std::string& path) {
  require_own_name(path);
  struct stat status {};
  if (::lstat(path.c_str(), &status) != 0) {
    if (errno == ENOENT) return;
    throw SystemError("stat", path, errno);
  }
  if (!S_ISREG(status.st_mode)) throw Error(fmt::format("remove {}: not a regular file, left alone", path));
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) throw SystemError("unlink", path, errno);
}

bool swap_is_active(const std::string& path) {
  const std::string swaps = read_text("/proc/swaps");
  std::string_view text = swaps;
  while (!text.empty()) {
    std::string_view line = take_line(text);
    if (take_field(line) == path) return true;
  }
  return false;
}

void swap_off(const std::string& path) {
  if (!swap_is_active(path)) return;
  if (::swapoff(path.c_str()) != 0)
    throw SystemError("swapoff", path, errno, fmt::format("free some memory, then: swapoff {}", path));
}

/// Kills what is left in the cgroup (only what we put there can be) and waits until the kernel lets it go.
void remove_cgroup(const std::string& path) {
  require_own_name(path);
  using namespace std::chrono_literals;
  for (int attempt = 0; attempt < 250; ++attempt) {
    if (::rmdir(path.c_str()) == 0 || errno == ENOENT) return;
    if (errno != EBUSY) throw SystemError("rmdir", path, errno);
    const std::string members = try_read_text(path + "/cgroup.procs").value_or("");
    std::string_view rest = members;
    while (!rest.empty())
      if (const auto pid = to_number(take_line(rest)); pid && *pid != 0)
        ::kill(static_cast<pid_t>(*pid), SIGKILL);
    std::this_thread::sleep_for(20ms);
  }
  throw SystemError("rmdir", path, EBUSY, fmt::format("see {}/cgroup.procs for what is still in it", path));
}

void write_back(const Change& change) {
  if (!fs::exists(change.target)) return;
  write_text(change.target, change.before);
}

void remove_zram(const std::string& device) {
  const std::string name = fs::path(device).filename();
  if (!name.starts_with("zram") || !to_number(std::string_view(name).substr(4)))
    throw Error(fmt::format("remove {}: not a zram device, left alone", device));
  const std::string number = name.substr(4);
  const fs::path folder = fs::path("/sys/block") / ("zram" + number);
  if (!fs::exists(folder)) return;
  write_text(folder / "reset", "1");
  write_text("/sys/class/zram-control/hot_remove", number);
}

/// hot_add makes a device before anyone can write its number down; a kill between the two leaves one without
/// a size.
void remove_unused_zram(const std::string& known) {
  for (const fs::directory_entry& entry : fs::directory_iterator("/sys/block")) {
    const std::string name = entry.path().filename();
    if (!name.starts_with("zram") || (" " + known + " ").find(" " + name + " ") != std::string::npos)
      continue;
    if (trim(try_read_text(entry.path() / "disksize").value_or("")) == "0") remove_zram(name);
  }
}

void write_zeros(const Fd& device, off_t at, std::size_t bytes, const std::string& path) {
  const std::vector<char> zeros(bytes, 0);
  if (::pwrite(device.get(), zeros.data(), bytes, at) != static_cast<ssize_t>(bytes))
    throw SystemError("write zeros to", path, errno);
}

/// Blank again where one looks for what is on a device: its first and its last MiB. A device's name may mean
/// another device by now: only one that bears the very header that we wrote is touched.
void remove_swap_header(const Change& change) {
  constexpr off_t kEdge = 1 << 20;
  if (change.before.empty())
    throw Error(fmt::format("take the swap header off {}: the journal does not say which, left alone",
                            change.target));
  if (!fs::exists(change.target)) return;
  if (swap_is_active(change.target))
    throw Error(fmt::format("take the swap header off {}: it is active swap", change.target),
                fmt::format("swapoff {}, then: tlbstorm restore", change.target));
  const Fd device = Fd::open(change.target, O_RDWR | O_EXCL);  // fails if someone else uses it by now
  std::string page(page_size().count, '\0');
  if (::pread(device.get(), page.data(), page.size(), 0) != static_cast<ssize_t>(page.size()))
    throw SystemError("read the swap header of", change.target, errno);
  if (swap_header_uuid(page) != change.before) return;
  const off_t edge = std::min(kEdge, ::lseek(device.get(), 0, SEEK_END));
  write_zeros(device, ::lseek(device.get(), -edge, SEEK_END), static_cast<std::size_t>(edge), change.target);
  write_zeros(device, 0, static_cast<std::size_t>(edge), change.target);
  if (::fsync(device.get()) != 0) throw SystemError("fsync", change.target, errno);
}

}  // namespace

void undo(const Change& change) {
  switch (change.kind) {
    case Change::Kind::file:
      return remove_file(change.target);
    case Change::Kind::swap:
      return swap_off(change.target);
    case Change::Kind::cgroup:
      return remove_cgroup(change.target);
    case Change::Kind::value:
      return write_back(change);
    case Change::Kind::zram_add:
      return remove_unused_zram(change.before);
    case Change::Kind::zram:
      return remove_zram(change.target);
    case Change::Kind::swap_header:
      return remove_swap_header(change);
  }
}

}  // namespace tlbstorm::os

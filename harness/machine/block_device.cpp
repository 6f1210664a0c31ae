// SPDX-License-Identifier: Apache-2.0
#include "harness/machine/block_device.hpp"

#include <blkid/blkid.h>
#include <fmt/format.h>
#include <linux/fs.h>
#include <linux/loop.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <vector>

#include "harness/machine/swap.hpp"
#include "harness/os/error.hpp"
#include "harness/os/fd.hpp"
#include "harness/os/text.hpp"

namespace tlbstorm::machine {
namespace {

namespace fs = std::filesystem;
using os::operator""_MiB;

std::string mounted_on(dev_t device) {
  const std::string number = fmt::format("{}:{}", major(device), minor(device));
  const std::string mounts = os::read_text("/proc/self/mountinfo");
  std::string_view text = mounts;
  while (!text.empty()) {
    std::string_view line = os::take_line(text);
    os::take_field(line);  // mount id
    os::take_field(line);  // its parent
    const bool ours = os::take_field(line) == number;
    os::take_field(line);  // root
    if (ours) return unescape_path(os::take_field(line));
  }
  return "";
}

bool is_active_swap(dev_t device) {
  const std::vector<SwapArea> areas = parse_swaps(os::read_text("/proc/swaps"));
  return std::any_of(areas.begin(), areas.end(), [&](const SwapArea& area) {
    struct stat status {};
    return ::stat(area.path.c_str(), &status) == 0 && S_ISBLK(status.st_mode) && status.st_rdev == device;
  });
}

bool has_partitions(const fs::path& sysfs) {
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(sysfs, error))
    if (fs::exists(entry.path() / "partition")) return true;
  return false;
}

/// The folder of a device in sysfs, and of the disk that a partition is a part of.
struct Place {
  fs::path device, disk;
};
Place place_of(dev_t number) {
  std::error_code error;
  const fs::path device =
      fs::canonical(fmt::format("/sys/dev/block/{}:{}", major(number), minor(number)), error);
  return {device, fs::exists(device / "partition", error) ? device.parent_path() : device};
}

/// A loop device that lives on this one, on a partition of it, or on the disk that it is a part of: neither
/// holders/ nor an exclusive open knows of it. Where on the disk it begins is not looked into. Linux:
/// drivers/block/loop.c: loop_configure().
std::string loop_on(dev_t number) {
  const Place ours = place_of(number);
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator("/sys/block", error)) {
    if (!fs::exists(entry.path() / "loop/backing_file", error)) continue;
    const std::string path = "/dev/" + entry.path().filename().native();
    const os::Fd loop(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
    loop_info64 status{};
    if (!loop || ::ioctl(loop.get(), LOOP_GET_STATUS64, &status) != 0 || status.lo_rdevice == 0) continue;
    const Place backing = place_of(status.lo_rdevice);
    if (backing.device.empty()) continue;
    if (backing.device == ours.device || backing.disk == ours.device || backing.device == ours.disk)
      return path;
  }
  return "";
}

std::string user_of(const fs::path& path, dev_t device) {
  const fs::path sysfs = fmt::format("/sys/dev/block/{}:{}", major(device), minor(device));
  std::error_code error;
  if (is_active_swap(device)) return "active swap";
  if (const std::string where = mounted_on(device); !where.empty()) return "mounted on " + where;
  if (fs::exists(sysfs / "holders", error) && !fs::is_empty(sysfs / "holders", error))
    return "held by " + fs::directory_iterator(sysfs / "holders")->path().filename().native();
  if (has_partitions(sysfs)) return "divided into partitions";
  if (const std::string loop = loop_on(device); !loop.empty()) return "the backing of " + loop;
  // The kernel lets nobody open it exclusively who isn't its only user.
  const os::Fd exclusive(::open(path.c_str(), O_RDONLY | O_EXCL | O_CLOEXEC));
  return !exclusive && errno == EBUSY ? "opened exclusively by another program or the kernel" : "";
}

struct FreeProbe {
  void operator()(blkid_probe probe) const { blkid_free_probe(probe); }
};

std::string signature_of(const os::Fd& device, const fs::path& path) {
  const std::unique_ptr<std::remove_pointer_t<blkid_probe>, FreeProbe> probe(blkid_new_probe());
  if (!probe || blkid_probe_set_device(probe.get(), device.get(), 0, 0) != 0)
    throw os::SystemError("look for signatures on", path.native(), errno);
  blkid_probe_enable_superblocks(probe.get(), 1);
  blkid_probe_set_superblocks_flags(probe.get(),
                                    BLKID_SUBLKS_TYPE | BLKID_SUBLKS_MAGIC | BLKID_SUBLKS_BADCSUM);
  blkid_probe_enable_partitions(probe.get(), 1);
  const int found = blkid_do_safeprobe(probe.get());
  if (found == -2) return "several signatures at once";
  if (found < 0) throw os::SystemError("look for signatures on", path.native(), errno ? errno : EIO);
  const char* value = nullptr;
  if (blkid_probe_lookup_value(probe.get(), "TYPE", &value, nullptr) == 0) return value;
  if (blkid_probe_lookup_value(probe.get(), "PTTYPE", &value, nullptr) == 0)
    return std::string(value) + " partition table";
  return "";
}

bool is_zero(const os::Fd& fd, std::uint64_t from, std::uint64_t bytes, const fs::path& path) {
  std::vector<char> buffer(bytes);
  std::uint64_t got = 0;
  while (got < bytes) {
    const ssize_t part = ::pread(fd.get(), buffer.data() + got, bytes - got, static_cast<off_t>(from + got));
    if (part < 0 && errno == EINTR) continue;
    if (part <= 0) throw os::SystemError("read", path.native(), part < 0 ? errno : EIO);
    got += static_cast<std::uint64_t>(part);
  }
  return std::all_of(buffer.begin(), buffer.end(), [](char c) { return c == 0; });
}

}  // namespace

DeviceContent content_of(const os::Fd& device, const fs::path& path) {
  DeviceContent content;
  content.is_block_device = true;
  if (::ioctl(device.get(), BLKGETSIZE64, &content.size.count) != 0)
    throw os::SystemError("ask the size of", path.native(), errno);
  if (content.size < kSmallestDevice) return content;  // neither known nor blank
  content.signature = signature_of(device, path);
  content.is_swap = content.signature == "swap";
  const std::uint64_t edge = (1_MiB).count;
  content.is_blank = content.signature.empty() && is_zero(device, 0, edge, path) &&
                     is_zero(device, content.size.count - edge, edge, path);
  return content;
}

DeviceContent look_at_device(const fs::path& path) {
  const os::Fd device = os::Fd::open(path, O_RDONLY | O_NONBLOCK);
  struct stat status {};
  if (::fstat(device.get(), &status) != 0) throw os::SystemError("stat", path.native(), errno);
  if (!S_ISBLK(status.st_mode)) return {};
  DeviceContent content = content_of(device, path);
  content.in_use = user_of(path, status.st_rdev);
  return content;
}

}  // namespace tlbstorm::machine

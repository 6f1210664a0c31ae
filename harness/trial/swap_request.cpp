// SPDX-License-Identifier: Apache-2.0
#include "harness/trial/swap_request.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <glob.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <map>
#include <memory>
#include <set>
#include <span>

#include "harness/machine/filesystem.hpp"
#include "harness/machine/kernel_config.hpp"
#include "harness/machine/swap.hpp"
#include "harness/os/error.hpp"
#include "harness/os/folder.hpp"
#include "harness/os/mapping.hpp"
#include "harness/os/places.hpp"
#include "harness/os/text.hpp"

namespace tlbstorm::trial {
namespace {

namespace fs = std::filesystem;
using os::UsageError;

constexpr const char* kRemedy =
    "give zram:SIZE, zram:SIZE:ALGORITHM, file:SIZE, file:PATH:SIZE, device:/dev/X or existing, such as "
    "zram:1G";
constexpr os::Bytes kFloor = os::operator""_GiB(1);  // left free on a file system

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  for (;;) {
    const std::size_t at = text.find(separator);
    parts.emplace_back(text.substr(0, at));
    if (at == std::string_view::npos) return parts;
    text.remove_prefix(at + 1);
  }
}

os::Bytes parse_size(const std::string& whole, const std::string& size, os::Bytes memory) {
  return os::part_of("--swap", whole, size,
                     [&](std::string_view part) { return os::parse_size("--swap", part, memory); });
}

SwapRequest parse_swap(const std::string& text, os::Bytes memory) {
  const std::vector<std::string> parts = split(text, ':');
  SwapRequest request{};
  request.text = text;
  if (parts[0] == "zram" && (parts.size() == 2 || parts.size() == 3)) {
    request.kind = SwapRequest::Kind::zram;
    request.size = parse_size(text, parts[1], memory);
    if (parts.size() == 3) request.algorithm = parts[2];
    if (text.ends_with(":")) throw UsageError("--swap", text, "no algorithm is named", kRemedy);
  } else if (parts[0] == "file" && parts.size() == 2) {
    request.kind = SwapRequest::Kind::file;
    request.path = os::data_folder() / "swap";
    request.size = parse_size(text, parts[1], memory);
  } else if (parts[0] == "file" && parts.size() == 3 && !parts[1].empty()) {
    request.kind = SwapRequest::Kind::file;
    request.path = parts[1];
    request.size = parse_size(text, parts[2], memory);
  } else if (parts[0] == "device" && parts.size() > 1 && parts[1].starts_with("/")) {
    request.kind = SwapRequest::Kind::device;
    request.path = text.substr(text.find(':') + 1);  // a path may have colons
    return request;
  } else {
    throw UsageError("--swap", text, "not a swap area", kRemedy);
  }
  if (request.size < os::page_size() * 16) throw UsageError("--swap", text, "too small to swap on", kRemedy);
  return request;
}

void check_zram(const SwapRequest& request, const machine::Machine& machine) {
  if (!fs::exists(kZramHotAdd))
    throw UsageError("--swap", request.text, "this kernel has no zram",
                     "modprobe zram, or use file:PATH:SIZE on a real file system");
  if (request.size.count > machine.memory.count / 2)
    throw UsageError(
        "--swap", request.text, "more than half of the machine's memory",
        fmt::format("zram keeps its pages in memory: give at most {}", os::format_size(machine.memory / 2)));
  const std::vector<std::string> known = machine::zram_algorithms("/sys/block");
  if (!request.algorithm.empty() && !known.empty() &&
      std::find(known.begin(), known.end(), request.algorithm) == known.end())
    throw UsageError("--swap", request.text, fmt::format("zram has no algorithm {} here", request.algorithm),
                     fmt::format("give one of: {}", fmt::join(known, ", ")));
}

void check_file(const SwapRequest& request) {
  fs::path folder = folder_of(request);
  std::error_code error;
  if (!fs::is_directory(folder, error) && folder != os::data_folder())
    throw UsageError("--swap", request.text, fmt::format("no folder {}", folder.native()), kRemedy);
  try {
    os::Folder::check(folder);
  } catch (const os::Error& refused) {
    throw UsageError(fmt::format("--swap {}: {}", request.text, refused.what()), refused.hint());
  }
  while (!fs::exists(folder)) folder = folder.parent_path();  // our data folder is made when it is used
  const machine::FileSystem where = machine::file_system_of(folder);
  if (where.in_memory)
    throw UsageError("--swap", request.text,
                     fmt::format("{} is a {}: swap in memory", folder.native(), where.type),
                     "name a folder on a disk, or use zram:SIZE");
  if (where.free < request.size + kFloor)
    throw UsageError(
        "--swap", request.text,
        fmt::format("{} has {} free, and 1 GiB stays free", folder.native(), os::format_size(where.free)),
        "give a smaller size or another folder");
}

/// The devices that a pattern stands for, p2 before p10.
std::vector<std::string> matching(const std::string& area) {
  const std::string pattern = area.substr(area.find(':') + 1);
  glob_t found{};
  const std::unique_ptr<glob_t, decltype(&::globfree)> owner(&found, &::globfree);
  std::vector<std::string> areas;
  if (::glob(pattern.c_str(), GLOB_ERR, nullptr, &found) == 0)
    for (const char* const path : std::span(found.gl_pathv, found.gl_pathc))
      areas.push_back(fmt::format("device:{}", path));
  if (areas.empty()) throw UsageError("--swap", area, "no device is called so", "look at lsblk");
  std::sort(areas.begin(), areas.end(),
            [](const auto& a, const auto& b) { return ::strverscmp(a.c_str(), b.c_str()) < 0; });
  return areas;
}

/// A part of a list that begins with '/' goes on with the devices before it.
std::vector<std::string> areas_of(std::string_view swap) {
  std::vector<std::string> areas;
  for (const std::string& part : os::split_list("--swap", swap)) {
    const bool goes_on = part.starts_with("/") && !areas.empty() && areas.back().starts_with("device:");
    const std::string area = goes_on ? "device:" + part : part;
    if (!area.starts_with("device:") || area.find_first_of("*?") == std::string::npos) {
      areas.push_back(area);
      continue;
    }
    for (std::string& one : matching(area)) areas.push_back(std::move(one));
  }
  return areas;
}

/// What only shows when all areas are looked at together.
void check_together(const std::vector<SwapRequest>& requests, const machine::Machine& machine) {
  std::set<fs::path> devices;
  std::map<dev_t, os::Bytes> on_disk;
  for (const SwapRequest& request : requests) {
    if (request.kind == SwapRequest::Kind::zram) continue;
    if (request.kind == SwapRequest::Kind::device && !devices.insert(request.path).second)
      throw UsageError("--swap", request.text, "the same device is asked for twice", "name each device once");
    struct stat status {};
    if (request.kind != SwapRequest::Kind::file || ::stat(folder_of(request).c_str(), &status) != 0) continue;
    os::Bytes& all = on_disk[status.st_dev];
    all = all + request.size;
    const os::Bytes free = machine::file_system_of(folder_of(request)).free;
    if (free < all + kFloor)
      throw UsageError("--swap", request.text,
                       fmt::format("{} in all are to go where {} are free, and 1 GiB stays free",
                                   os::format_size(all), os::format_size(free)),
                       "give smaller sizes or another folder");
  }
  const std::size_t areas = machine.swaps.size() + requests.size();
  if (areas <= machine::kFewestSwapAreas) return;
  const std::size_t most = machine::most_swap_areas(machine::kernel_config());
  if (areas > most)
    throw UsageError("--swap", requests.back().text,
                     fmt::format("{} areas are active and {} asked for; this kernel has room for {}",
                                 machine.swaps.size(), requests.size(), most),
                     "ask for fewer, or swapoff some");
}

/// The device's own name, whichever way the user wrote it: /proc/swaps and the journal have that one.
void settle_device(SwapRequest& request, const std::vector<std::string>& erase) {
  request.erase = std::find(erase.begin(), erase.end(), request.path) != erase.end();
  std::error_code error;
  const fs::path real = fs::canonical(request.path, error);
  if (error)
    throw UsageError("--swap", request.text, error.message(),
                     "name a block device, such as device:/dev/nvme1n1");
  request.path = real;
  try {
    check_device(request);
    request.size = machine::look_at_device(real).size;
  } catch (const os::SystemError& refused) {
    throw UsageError("--swap", request.text, refused.what(),
                     "name a device that you may read; in a container, it has to be let in");
  }
}

}  // namespace

fs::path folder_of(const SwapRequest& request) {
  std::error_code error;
  const fs::path path = fs::absolute(request.path);
  return fs::is_directory(path, error) ? path : path.parent_path();
}

void check_device(const SwapRequest& request) {
  const machine::DeviceContent found = machine::look_at_device(request.path);
  if (!found.is_block_device)
    throw UsageError("--swap", request.text, "not a block device", "for a file there is file:PATH:SIZE");
  if (!found.in_use.empty())
    throw UsageError("--swap", request.text, found.in_use,
                     "name a device that nobody uses; no option overrides this");
  check_content(request, found);
}

void check_content(const SwapRequest& request, const machine::DeviceContent& found) {
  if (found.size < machine::kSmallestDevice)
    throw UsageError("--swap", request.text, "too small: " + os::format_size(found.size),
                     "name a larger device");
  if (found.is_swap || found.is_blank || request.erase) return;
  throw UsageError(
      "--swap", request.text,
      found.signature.empty() ? "there is data on it, of no known kind"
                              : fmt::format("there is something on it: {}", found.signature),
      fmt::format("name another device; if all of it may be destroyed, repeat it: --erase-device {}",
                  request.text.substr(request.text.find(':') + 1)));
}

SwapRequest request_swap(std::string_view text, const machine::Machine& machine) {
  return request_swaps(text, "", machine).at(0);
}

std::vector<SwapRequest> request_swaps(std::string_view swap, std::string_view erase,
                                       const machine::Machine& machine) {
  const std::vector<std::string> to_erase =
      erase.empty() ? std::vector<std::string>() : os::split_list("--erase-device", erase);
  const std::vector<std::string> areas = swap.empty() ? std::vector<std::string>() : areas_of(swap);
  std::vector<SwapRequest> requests;
  for (const std::string& text : areas) {
    if (text == "existing") {
      if (machine.swaps.empty())
        throw UsageError("--swap", text, "no swap is active", "swapon an area, or bring one: zram:1G");
      continue;
    }
    SwapRequest request = parse_swap(text, machine.memory);
    if (::geteuid() != 0) throw UsageError("--swap", text, "only root can set up swap", "run as root");
    if (request.kind == SwapRequest::Kind::zram) check_zram(request, machine);
    if (request.kind == SwapRequest::Kind::file) check_file(request);
    if (request.kind == SwapRequest::Kind::device) settle_device(request, to_erase);
    requests.push_back(std::move(request));
  }
  check_together(requests, machine);
  for (const std::string& path : to_erase) {
    const bool asked_for = std::any_of(requests.begin(), requests.end(), [&](const SwapRequest& request) {
      return request.text == "device:" + path;
    });
    if (!asked_for)
      throw UsageError("--erase-device", path, "is no device of --swap", "add --swap device:" + path);
  }
  return requests;
}

}  // namespace tlbstorm::trial

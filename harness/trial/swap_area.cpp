// SPDX-License-Identifier: Apache-2.0
#include "harness/trial/swap_area.hpp"

#include <fmt/format.h>
#include <sys/swap.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "harness/machine/filesystem.hpp"
#include "harness/os/error.hpp"
#include "harness/os/mapping.hpp"
#include "harness/os/text.hpp"

namespace tlbstorm::trial {
namespace {

namespace fs = std::filesystem;
using os::Change;

constexpr const char* kRemedy = "give zram:SIZE, zram:SIZE:ALGORITHM or file:PATH:SIZE, such as zram:1G";
constexpr const char* kHotAdd = "/sys/class/zram-control/hot_add";
constexpr os::Bytes kFloor = os::operator""_GiB(1);  // left free on a file system

std::vector<std::string> split(std::string_view text) {
  std::vector<std::string> parts;
  for (;;) {
    const std::size_t colon = text.find(':');
    parts.emplace_back(text.substr(0, colon));
    if (colon == std::string_view::npos) return parts;
    text.remove_prefix(colon + 1);
  }
}

fs::path folder_of(const SwapRequest& request) {
  return fs::is_directory(request.path) ? fs::path(request.path) : fs::absolute(request.path).parent_path();
}

std::string file_name(const SwapRequest& request) {
  const fs::path path = fs::absolute(request.path);
  if (fs::is_directory(path)) return path / (os::own_name() + ".swap");
  return fmt::format("{}.{}", path.native(), os::own_name());
}

std::string zram_devices() {
  std::string names;
  for (const fs::directory_entry& entry : fs::directory_iterator("/sys/block"))
    if (const std::string name = entry.path().filename(); name.starts_with("zram")) names += name + " ";
  return std::string(os::trim(names));
}

void swap_on(const std::string& path) {
  constexpr int kHighest = SWAP_FLAG_PREFER | SWAP_FLAG_PRIO_MASK;
  if (::swapon(path.c_str(), kHighest) != 0)
    throw os::SystemError(
        "swapon", path, errno,
        errno == EINVAL ? "this file system can't hold a swap file; try another, or zram:SIZE" : "");
}

}  // namespace

SwapRequest parse_swap(std::string_view text, os::Bytes memory) {
  const std::vector<std::string> parts = split(text);
  SwapRequest request{};
  request.text = text;
  if (parts[0] == "zram" && (parts.size() == 2 || parts.size() == 3)) {
    request.kind = SwapRequest::Kind::zram;
    request.size = os::parse_size("--swap", parts[1], memory);
    if (parts.size() == 3) request.algorithm = parts[2];
  } else if (parts[0] == "file" && parts.size() == 3 && !parts[1].empty()) {
    request.kind = SwapRequest::Kind::file;
    request.path = parts[1];
    request.size = os::parse_size("--swap", parts[2], memory);
  } else {
    throw os::UsageError("--swap", text, "not a swap area", kRemedy);
  }
  if (request.size < os::page_size() * 16)
    throw os::UsageError("--swap", text, "too small to swap on", kRemedy);
  return request;
}

void check_swap(const SwapRequest& request, const machine::Machine& machine) {
  if (::geteuid() != 0)
    throw os::UsageError("--swap", request.text, "only root can set up swap", "run as root");
  if (request.kind == SwapRequest::Kind::zram) {
    if (!fs::exists(kHotAdd))
      throw os::UsageError("--swap", request.text, "this kernel has no zram",
                           "modprobe zram, or use file:PATH:SIZE on a real file system");
    if (request.size.count > machine.memory.count / 2)
      throw os::UsageError("--swap", request.text, "more than half of the machine's memory",
                           fmt::format("zram keeps its pages in memory: give at most {}",
                                       os::format_size(machine.memory / 2)));
    return;
  }
  const fs::path folder = folder_of(request);
  if (!fs::is_directory(folder))
    throw os::UsageError("--swap", request.text, fmt::format("no folder {}", folder.native()), kRemedy);
  const machine::FileSystem where = machine::file_system_of(folder);
  if (where.in_memory)
    throw os::UsageError("--swap", request.text,
                         fmt::format("{} is a {}: swap in memory", folder.native(), where.type),
                         "name a folder on a disk, or use zram:SIZE");
  if (where.free < request.size + kFloor)
    throw os::UsageError(
        "--swap", request.text,
        fmt::format("{} has {} free, and 1 GiB stays free", folder.native(), os::format_size(where.free)),
        "give a smaller size or another folder");
}

SwapRequest request_swap(std::string_view text, const machine::Machine& machine) {
  SwapRequest request = parse_swap(text, machine.memory);
  check_swap(request, machine);
  return request;
}

void write_swap_header(const std::string& path, os::Bytes size) {
  const std::size_t page = os::page_size().count;
  std::vector<char> header(page, 0);
  struct Info {
    std::uint32_t version, last_page, bad_pages;
    std::array<unsigned char, 16> uuid;
    std::array<char, 16> label;
  } info{1, static_cast<std::uint32_t>(size.count / page - 1), 0, {}, {"tlbstorm"}};
  constexpr std::size_t kInfoAt = 1024;  // after the boot block
  constexpr std::string_view kMagic = "SWAPSPACE2";
  std::memcpy(header.data() + kInfoAt, &info, sizeof info);
  std::memcpy(header.data() + page - kMagic.size(), kMagic.data(), kMagic.size());
  const os::Fd fd = os::Fd::open(path, O_WRONLY);
  os::write_all(fd, {header.data(), header.size()}, path);
  if (::fsync(fd.get()) != 0) throw os::SystemError("fsync", path, errno);
}

SwapArea::SwapArea(os::Journal& journal, const SwapRequest& request) {
  request.kind == SwapRequest::Kind::zram ? make_zram(journal, request) : make_file(journal, request);
  write_swap_header(path_, request.size);
  active_ = journal.apply({Change::Kind::swap, path_, ""}, [this] { swap_on(path_); });
}

void SwapArea::make_zram(os::Journal& journal, const SwapRequest& request) {
  std::string number;
  // The device exists before its number can be written down: the first entry covers the time between.
  os::Applied adding = journal.apply({Change::Kind::zram_add, "", zram_devices()},
                                     [&] { number = os::trim(os::read_text(kHotAdd)); });
  path_ = "/dev/zram" + number;
  storage_ = journal.apply({Change::Kind::zram, path_, ""}, [&] {
    const fs::path settings = "/sys/block/zram" + number;
    if (!request.algorithm.empty()) {
      try {
        os::write_text(settings / "comp_algorithm", request.algorithm);
      } catch (const os::SystemError& error) {
        throw os::SystemError("set the algorithm of", path_, error.code(),
                              "this kernel has: " + os::read_text(settings / "comp_algorithm"));
      }
    }
    os::write_text(settings / "disksize", fmt::format("{}", request.size.count));
  });
}

void SwapArea::make_file(os::Journal& journal, const SwapRequest& request) {
  path_ = file_name(request);
  storage_ = journal.apply({Change::Kind::file, path_, ""}, [&] {
    const os::Fd fd = os::Fd::open(path_, O_WRONLY | O_CREAT | O_EXCL, 0600);
    if (const int failed = ::posix_fallocate(fd.get(), 0, static_cast<off_t>(request.size.count))) {
      ::unlink(path_.c_str());
      throw os::SystemError("allocate " + os::format_size(request.size) + " for", path_, failed);
    }
  });
}

}  // namespace tlbstorm::trial

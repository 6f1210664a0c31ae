// SPDX-License-Identifier: Apache-2.0
#include "harness/trial/swap_area.hpp"

#include <fmt/format.h>
#include <sys/swap.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

#include "harness/machine/block_device.hpp"
#include "harness/os/error.hpp"
#include "harness/os/swap_header.hpp"
#include "harness/os/text.hpp"
#include "harness/trial/swap_request.hpp"

namespace tlbstorm::trial {
namespace {

namespace fs = std::filesystem;
using os::Change;

/// The file of a request: a new name in a folder, or beside the path.
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

/// `exclusive`: fails if someone else uses the device by now.
void write_header(const std::string& path, os::Bytes size, const std::string& uuid, bool exclusive) {
  const os::Fd fd = os::Fd::open(path, exclusive ? O_WRONLY | O_EXCL : O_WRONLY);
  os::write_all(fd, os::make_swap_header(size, uuid), path);
  if (::fsync(fd.get()) != 0) throw os::SystemError("fsync", path, errno);
}

}  // namespace

SwapArea::SwapArea(os::Journal& journal, const SwapRequest& request) {
  switch (request.kind) {
    case SwapRequest::Kind::zram:
      make_zram(journal, request);
      write_header(path_, request.size, os::new_uuid(), false);
      break;
    case SwapRequest::Kind::file:
      make_file(journal, request);
      write_header(path_, request.size, os::new_uuid(), false);
      break;
    case SwapRequest::Kind::device:
      take_device(journal, request);
      break;
  }
  active_ = journal.apply({Change::Kind::swap, path_, ""}, [this] { swap_on(path_); });
}

/// A header that is there stays; ours is taken off again.
void SwapArea::take_device(os::Journal& journal, const SwapRequest& request) {
  path_ = request.path;
  check_device(request);  // time has passed since it was looked at
  if (machine::look_at_device(path_).is_swap && !request.erase) return;
  const std::string uuid = os::new_uuid();
  storage_ = journal.apply({Change::Kind::swap_header, path_, uuid},
                           [&] { write_header(path_, request.size, uuid, true); });
}

void SwapArea::make_zram(os::Journal& journal, const SwapRequest& request) {
  std::string number;
  // The device exists before its number can be written down: the first entry covers the time between.
  os::Applied adding = journal.apply({Change::Kind::zram_add, "", zram_devices()},
                                     [&] { number = os::trim(os::read_text(kZramHotAdd)); });
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

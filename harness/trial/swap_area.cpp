// SPDX-License-Identifier: Apache-2.0
#include "harness/trial/swap_area.hpp"

#include <fmt/format.h>
#include <sys/swap.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <optional>

#include "harness/machine/block_device.hpp"
#include "harness/os/error.hpp"
#include "harness/os/folder.hpp"
#include "harness/os/identity.hpp"
#include "harness/os/swap_header.hpp"
#include "harness/os/text.hpp"
#include "harness/trial/swap_request.hpp"

namespace tlbstorm::trial {
namespace {

namespace fs = std::filesystem;
using os::Change;

void write_header(const os::Fd& area, os::Bytes size, const std::string& uuid, const std::string& path) {
  if (::lseek(area.get(), 0, SEEK_SET) != 0) throw os::SystemError("seek in", path, errno);
  os::write_all(area, os::make_swap_header(size, uuid), path);
  if (::fsync(area.get()) != 0) throw os::SystemError("fsync", path, errno);
}

const char* why_not_on(int error) {
  if (error == EINVAL)
    return "a file system that can't hold a swap file, or someone wrote to the area just now";
  if (error == EPERM) return "the kernel holds no more than some 28 areas at once: swapoff one of them";
  return "";
}

/// By the descriptor: the path may lead elsewhere by now.
void swap_on(os::Journal& journal, const os::Fd& area, const std::string& path) {
  constexpr int kHighest = SWAP_FLAG_PREFER | SWAP_FLAG_PRIO_MASK;
  journal.make({Change::Kind::swap, path, "", os::identity_of(area)}, [&] {
    if (::swapon(fmt::format("/proc/self/fd/{}", area.get()).c_str(), kHighest) != 0)
      throw os::SystemError("swapon", path, errno, why_not_on(errno));
    return "";
  });
}

void swap_on_device(os::Journal& journal, const std::string& path) {
  swap_on(journal, os::Fd::open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK), path);
}

// --- zram

std::string zram_devices() {
  std::string names;
  for (const fs::directory_entry& entry : fs::directory_iterator("/sys/block"))
    if (const std::string name = entry.path().filename(); name.starts_with("zram")) names += name + " ";
  return std::string(os::trim(names));
}

/// False when someone else gave it a size first: `zramctl --find` takes any device without one.
bool set_algorithm(const fs::path& settings, const SwapRequest& request) {
  if (request.algorithm.empty()) return true;
  try {
    os::write_text(settings / "comp_algorithm", request.algorithm);
    return true;
  } catch (const os::SystemError& error) {
    if (error.code() == EBUSY) return false;
    if (error.code() != EINVAL) throw;
    // Where no zram device was there to ask, the plan could not know the algorithms.
    throw os::UsageError("--swap", request.text,
                         fmt::format("zram has no algorithm {} here", request.algorithm),
                         "this kernel has: " + os::read_text(settings / "comp_algorithm"));
  }
}

/// False as above.
bool set_size(const fs::path& settings, os::Bytes size) {
  try {
    os::write_text(settings / "disksize", fmt::format("{}", size.count));
    return true;
  } catch (const os::SystemError& error) {
    if (error.code() == EBUSY) return false;
    throw;
  }
}

/// A device with a size and our header, or nothing left behind.
Change add_zram(const SwapRequest& request, const std::string& uuid) {
  constexpr int kAttempts = 10;
  for (int attempt = 1;; ++attempt) {
    const std::string number(os::trim(os::read_text(kZramHotAdd)));
    const std::string path = "/dev/zram" + number;
    const fs::path settings = "/sys/block/zram" + number;
    bool ours = true;
    try {
      ours = set_algorithm(settings, request) && set_size(settings, request.size);
      if (ours) {
        write_header(os::Fd::open(path, O_WRONLY | O_EXCL | O_NOFOLLOW), request.size, uuid, path);
        return {Change::Kind::zram, path, uuid, os::identity_at(AT_FDCWD, path)};
      }
      if (attempt == kAttempts) throw os::SystemError("give a size to", path, EBUSY);
    } catch (const os::Error& error) {
      if (!ours) throw;
      try {
        os::write_text("/sys/class/zram-control/hot_remove", number);
      } catch (const os::SystemError& stays) {
        throw os::Error(fmt::format("{}; and {} stays: {}", error.what(), path, os::errno_text(stays.code())),
                        fmt::format("end who uses it, then: zramctl --reset {}", path));
      }
      throw;
    }
  }
}

void bring_zram(os::Journal& journal, const SwapRequest& request) {
  const std::string uuid = os::new_uuid();
  const Change added = journal.make_apart({Change::Kind::zram_add, uuid, zram_devices()},
                                          [&] { return add_zram(request, uuid); });
  swap_on_device(journal, added.target);
}

// --- files

/// The n-th name that the file of a request may have: in a folder, or beside a path.
std::string file_name(const SwapRequest& request, int n) {
  const std::string own = n == 1 ? os::own_name() : fmt::format("{}-{}", os::own_name(), n);
  if (fs::is_directory(request.path)) return own + ".swap";
  return fmt::format("{}.{}", fs::path(request.path).filename().native(), own);
}

/// Gives the file a name that is free, and returns that.
std::string name_file(os::Journal& journal, const os::Folder& folder, const os::Fd& file,
                      const SwapRequest& request) {
  constexpr int kAttempts = 100;
  for (int n = 1;; ++n) {
    const std::string name = file_name(request, n);
    try {
      journal.make({Change::Kind::file, folder.real_path() / name, os::identity_of(folder.fd()),
                    os::identity_of(file)},
                   [&] {
                     folder.give_name(file, name);
                     return "";
                   });
      return name;
    } catch (const os::SystemError& error) {
      if (error.code() != EEXIST || n == kAttempts) throw;
    }
  }
}

/// Complete before it has a name, so that what is journalled is this file and no other.
void bring_file(os::Journal& journal, const SwapRequest& request) {
  const os::Folder folder = os::Folder::make(folder_of(request));
  const os::Fd file = folder.create_unnamed(0600);
  if (const int failed = ::posix_fallocate(file.get(), 0, static_cast<off_t>(request.size.count)))
    throw os::SystemError(fmt::format("allocate {} in", os::format_size(request.size)),
                          folder.path().native(), failed);
  write_header(file, request.size, os::new_uuid(), folder.path());
  const std::string name = name_file(journal, folder, file, request);
  // swapon(2) takes no file whose descriptor was opened without a name (mm/swapfile.c: d_unlinked()).
  const std::optional<os::Fd> named = folder.find(name);
  if (!named || os::identity_of(*named) != os::identity_of(file))
    throw os::SystemError("swapon", (folder / name).native(), ESTALE,
                          "someone else works in this folder: name another");
  swap_on(journal, *named, folder.real_path() / name);
}

// --- block devices

/// A header that is there stays; ours is taken off again. Looked at once more when nobody else can be at it:
/// a mkfs may have ended since the plan was made.
void take_device(os::Journal& journal, const SwapRequest& request) {
  const std::string& path = request.path;
  check_device(request);
  if (!machine::look_at_device(path).is_swap || request.erase) {
    const os::Fd device = os::Fd::open(path, O_RDWR | O_EXCL | O_NOFOLLOW);
    check_content(request, machine::content_of(device, path));
    const std::string uuid = os::new_uuid();
    journal.make({Change::Kind::swap_header, path, uuid}, [&] {
      write_header(device, request.size, uuid, path);
      return os::identity_of(device);
    });
  }
  swap_on_device(journal, path);
}

}  // namespace

void bring_swap(os::Journal& journal, const SwapRequest& request) {
  switch (request.kind) {
    case SwapRequest::Kind::zram:
      return bring_zram(journal, request);
    case SwapRequest::Kind::file:
      return bring_file(journal, request);
    case SwapRequest::Kind::device:
      return take_device(journal, request);
  }
}

}  // namespace tlbstorm::trial

// SPDX-License-Identifier: Apache-2.0
#include "workloads/data_file.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <vector>

#include "harness/machine/filesystem.hpp"
#include "harness/os/error.hpp"
#include "harness/os/folder.hpp"
#include "harness/os/mapping.hpp"
#include "harness/os/named_path.hpp"
#include "workloads/random.hpp"

namespace tlbstorm::workloads {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kMagic = "tlbstorm data file, version 1: may be removed at any time\n";
constexpr os::Bytes kChunk{4 << 20};
constexpr os::Bytes kMargin{256 << 20};  // left free on the file system

std::string header(os::Bytes size, bool sparse) {
  std::string text = fmt::format("{}size {} sparse {}\n", kMagic, size.count, sparse);
  text.resize(os::page_size().count, '\0');
  return text;
}

void write_at(const os::Fd& fd, const void* data, std::size_t size, std::uint64_t offset,
              const fs::path& path) {
  const char* at = static_cast<const char*>(data);
  while (size > 0) {
    const ssize_t put = ::pwrite(fd.get(), at, size, static_cast<off_t>(offset));
    if (put < 0 && errno == EINTR) continue;
    if (put < 0)
      throw os::SystemError("write", path.native(), errno, "free some space, or name another folder");
    at += put;
    offset += static_cast<std::uint64_t>(put);
    size -= static_cast<std::size_t>(put);
  }
}

/// Written chunk by chunk; each is on disk and out of the cache before the next.
void write_random(const os::Fd& fd, os::Bytes size, std::uint64_t seed, const fs::path& path) {
  std::vector<std::byte> chunk(kChunk.count);
  for (std::uint64_t offset = 0; offset < size.count; offset += kChunk.count) {
    const std::size_t length = std::min(kChunk.count, size.count - offset);
    fill_random({chunk.data(), length}, seed + offset);
    write_at(fd, chunk.data(), length, offset, path);
    ::sync_file_range(fd.get(), static_cast<off_t>(offset), static_cast<off_t>(length),
                      SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER);
    ::posix_fadvise(fd.get(), static_cast<off_t>(offset), static_cast<off_t>(length), POSIX_FADV_DONTNEED);
  }
}

void sync(const os::Fd& fd, const fs::path& path) {
  if (::fsync(fd.get()) != 0) throw os::SystemError("fsync", path.native(), errno);
  drop_cached(fd);
}

}  // namespace

void check_data_folder(const std::string& option, const fs::path& folder, os::Bytes needed) {
  const fs::path existing = os::nearest_folder(option, folder);
  if (::access(existing.c_str(), W_OK | X_OK) != 0)
    throw os::UsageError(option, folder.native(), "can't write in " + existing.native(),
                         "name a folder of yours, or set TLBSTORM_DATA_DIR");
  const machine::FileSystem where = machine::file_system_of(existing);
  if (where.in_memory)
    throw os::UsageError(
        option, folder.native(),
        fmt::format("{} is a {}: its pages have no disk to be reclaimed to", existing.native(), where.type),
        "name a folder on a real file system, or set TLBSTORM_DATA_DIR");
  if (where.free < needed + kMargin)
    throw os::UsageError(
        option, folder.native(),
        fmt::format("{} has {} free, {} and a margin of {} are needed", existing.native(),
                    os::format_size(where.free), os::format_size(needed), os::format_size(kMargin)),
        "name another folder, or give a smaller size");
}

Found look_at(const fs::path& path) {
  Found found;
  if (!os::is_there("--file", path)) return found;
  const os::Fd file = os::open_named_file("--file", path, "name a regular file, or one that can be made");
  struct stat status {};
  if (::fstat(file.get(), &status) != 0) throw os::SystemError("stat", path.native(), errno);
  found.exists = true;
  found.size = {static_cast<std::uint64_t>(status.st_size)};
  std::string text(os::page_size().count, '\0');
  const ssize_t got = ::pread(file.get(), text.data(), text.size(), 0);
  for (const bool sparse : {false, true})
    if (got == static_cast<ssize_t>(text.size()) && text == header(found.size, sparse)) {
      found.ours = true;
      found.sparse = sparse;
    }
  return found;
}

void make_data_file(const fs::path& path, os::Bytes size, bool sparse, std::uint64_t seed) {
  const os::Folder folder = os::Folder::make(path.parent_path());
  const std::string name = path.filename();
  os::Fd fd = folder.create_unnamed();
  if (::ftruncate(fd.get(), static_cast<off_t>(size.count)) != 0)
    throw os::SystemError("truncate", path.native(), errno);
  if (!sparse) write_random(fd, size, seed, path);
  const std::string first = header(size, sparse);
  write_at(fd, first.data(), first.size(), 0, path);
  sync(fd, path);
  folder.remove(name);  // an older one of ours, of another size
  folder.give_name(fd, name);
}

namespace {

/// The file needs no folder to live in, so that nothing is left behind. Another worker may take the folder
/// away between its making and its use: then it is made again.
os::Fd open_unnamed_anywhere(const fs::path& folder) {
  const bool existed = fs::exists(folder);
  for (int attempt = 1;; ++attempt) {
    try {
      os::Fd fd = os::Folder::make(folder).create_unnamed();
      if (!existed) ::rmdir(folder.c_str());
      return fd;
    } catch (const os::SystemError& error) {
      if (error.code() != ENOENT || attempt == 100) throw;
    }
  }
}

}  // namespace

os::Fd make_empty_file(const fs::path& folder, os::Bytes size) {
  os::Fd fd = open_unnamed_anywhere(folder);
  if (const int failed = ::posix_fallocate(fd.get(), 0, static_cast<off_t>(size.count)))
    throw os::SystemError("allocate " + os::format_size(size) + " in", folder.native(), failed);
  return fd;
}

os::Fd make_unnamed_file(const fs::path& folder, os::Bytes size, std::uint64_t seed) {
  os::Fd fd = open_unnamed_anywhere(folder);
  write_random(fd, size, seed, folder);
  sync(fd, folder);
  return fd;
}

void cache_by_single_pages(const os::Fd& fd, os::Bytes size, const fs::path& path) {
  constexpr std::uint64_t kAtOnce = std::uint64_t{128} << 10;  // no more than a device's read_ahead_kb allows
  ::posix_fadvise(fd.get(), 0, 0, POSIX_FADV_RANDOM);
  for (std::uint64_t offset = 0; offset < size.count; offset += kAtOnce)
    ::posix_fadvise(fd.get(), static_cast<off_t>(offset), kAtOnce, POSIX_FADV_WILLNEED);
  std::vector<std::byte> chunk(kAtOnce);
  for (std::uint64_t offset = 0; offset < size.count;) {
    const ssize_t got = ::pread(fd.get(), chunk.data(), chunk.size(), static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) throw os::SystemError("read", path.native(), got < 0 ? errno : EIO);
    offset += static_cast<std::uint64_t>(got);
  }
}

void drop_cached(const os::Fd& fd) { ::posix_fadvise(fd.get(), 0, 0, POSIX_FADV_DONTNEED); }

}  // namespace tlbstorm::workloads

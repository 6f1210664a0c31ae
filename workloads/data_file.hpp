// SPDX-License-Identifier: Apache-2.0
// Files that workloads map: one that is made once and used again, and one without a name that vanishes with
// its last user. Never a file of someone else's is written.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "harness/os/fd.hpp"
#include "harness/os/places.hpp"
#include "harness/os/units.hpp"

namespace tlbstorm::workloads {

/// Where such files go if the user names none.
using os::data_folder;

/// Refuses (os::UsageError naming `option`) a folder whose file system is in memory, full or not ours to
/// write. `needed` stays below what is free by a margin.
void check_data_folder(const std::string& option, const std::filesystem::path& folder, os::Bytes needed);

/// What stands at a path that a data file should have.
struct Found {
  bool exists = false;
  bool ours = false;    ///< made by tlbstorm, complete
  bool sparse = false;  ///< of ours
  os::Bytes size;
};
Found look_at(const std::filesystem::path& path);

/// Makes a data file of ours: incompressible data, or holes when sparse; under another name until it is
/// complete. Writes around the page cache's limits: what was written is synced and dropped as it goes.
void make_data_file(const std::filesystem::path& path, os::Bytes size, bool sparse, std::uint64_t seed);

/// A file without a name in `folder`, filled with incompressible data, synced and not cached.
os::Fd make_unnamed_file(const std::filesystem::path& folder, os::Bytes size, std::uint64_t seed);

/// A file without a name in `folder`, its blocks allocated and empty. Throws os::SystemError (ENOSPC).
os::Fd make_empty_file(const std::filesystem::path& folder, os::Bytes size);

/// Reads a file into the page cache, a folio for each page: without the readahead of sequential reads, which
/// chooses their sizes by who reads when (mm/readahead.c: page_cache_ra_order). What is asked for by
/// POSIX_FADV_WILLNEED, or read at random, takes force_page_cache_ra(), whose folios are of the smallest
/// size. Throws os::SystemError.
void cache_by_single_pages(const os::Fd& fd, os::Bytes size, const std::filesystem::path& path);

/// Drops the clean cached pages of a file, so that the next reader is charged for them.
void drop_cached(const os::Fd& fd);

}  // namespace tlbstorm::workloads

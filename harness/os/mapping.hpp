// SPDX-License-Identifier: Apache-2.0
// Memory mappings that unmap themselves.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "harness/os/fd.hpp"
#include "harness/os/units.hpp"

namespace tlbstorm::os {

/// The kernel's base page size.
Bytes page_size();

/// Owns one mmap(2)ed range. Movable, not copyable; unmapped by the process that destroys it.
class Mapping {
 public:
  Mapping() = default;
  Mapping(Mapping&& other) noexcept;
  Mapping& operator=(Mapping&& other) noexcept;
  ~Mapping() { reset(); }

  /// Private anonymous memory in base pages: transparent huge pages would hide the per-page cost.
  static Mapping anonymous(Bytes size);
  /// Anonymous memory shared with the processes forked later.
  static Mapping shared(Bytes size);
  /// Shared memory of the other kinds, gone with its last user: a memfd, a System V segment, huge pages of
  /// the default size. Throw SystemError.
  static Mapping memfd(Bytes size);
  static Mapping sysv(Bytes size);
  static Mapping huge(Bytes size);
  /// The first `size` bytes of a file, shared.
  static Mapping file(const Fd& fd, Bytes size, bool writable, const std::filesystem::path& path);

  std::byte* data() const { return data_; }
  Bytes size() const { return size_; }
  std::size_t pages() const { return size_.count / page_size().count; }
  std::byte* page(std::size_t index) const { return data_ + index * page_size().count; }
  std::span<std::byte> bytes() const { return {data_, size_.count}; }
  explicit operator bool() const { return data_ != nullptr; }
  void reset();

 private:
  Mapping(void* data, Bytes size) : data_(static_cast<std::byte*>(data)), size_(size) {}
  std::byte* data_ = nullptr;
  Bytes size_;
};

/// Where the pages of a mapping are. A page under writeback is unmapped but still cached.
struct Residency {
  std::size_t present = 0;  ///< in this process's page table (pagemap bit 63)
  std::size_t cached = 0;   ///< in memory: page cache or swap cache (mincore)
};

/// Asks pagemap and mincore about pages; keeps its file and buffers, so that counting allocates and unmaps
/// nothing. Linux: Documentation/admin-guide/mm/pagemap.rst.
class PageCensus {
 public:
  PageCensus();
  /// Throws SystemError.
  Residency count(const Mapping& mapping);

 private:
  Fd pagemap_;
  std::vector<std::uint64_t> entries_;
  std::vector<unsigned char> resident_;
};

/// One census.
inline Residency residency(const Mapping& mapping) { return PageCensus().count(mapping); }

}  // namespace tlbstorm::os

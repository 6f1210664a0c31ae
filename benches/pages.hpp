// SPDX-License-Identifier: Apache-2.0
// Memory by the page.
#pragma once

#include <sys/mman.h>

#include <cerrno>
#include <cstddef>
#include <span>

#include "harness/os/error.hpp"
#include "harness/os/mapping.hpp"

namespace tlbstorm::benches {

inline os::Bytes size_of(int pages) { return os::page_size() * static_cast<std::uint64_t>(pages); }

/// Throws os::SystemError with errno unless it is done.
inline void require(bool done, const char* call, const char* hint = "") {
  if (!done) throw os::SystemError(call, "the benchmark's pages", errno, hint);
}

/// Writes to each page.
inline void touch(std::span<std::byte> memory) {
  for (std::size_t at = 0; at < memory.size(); at += os::page_size().count)
    *reinterpret_cast<volatile std::byte*>(memory.data() + at) = std::byte{1};
}

/// Reads from each page.
inline void read(std::span<const std::byte> memory) {
  for (std::size_t at = 0; at < memory.size(); at += os::page_size().count)
    static_cast<void>(*reinterpret_cast<const volatile std::byte*>(memory.data() + at));
}

/// Pages in batches of one size. They begin where a page table does, wherever the mapping does: a call on a
/// batch of up to a page table's pages is then one walk, and reclaims one list (mm/madvise.c:
/// madvise_cold_or_pageout_pte_range).
class Batches {
 public:
  /// What must be mapped for `pages` in all.
  static os::Bytes room_for(int pages) { return size_of(pages) + kTable; }

  Batches(const os::Mapping& mapping, int pages, int of) : size_(size_of(of).count) {
    const auto begin = reinterpret_cast<std::uintptr_t>(mapping.data());
    const std::uintptr_t skipped = (kTable.count - begin % kTable.count) % kTable.count;
    all_ = mapping.bytes().subspan(skipped, size_of(pages).count);
  }

  std::span<std::byte> all() const { return all_; }
  std::size_t count() const { return all_.size() / size_; }
  std::span<std::byte> operator[](std::size_t i) const { return all_.subspan(i * size_, size_); }

 private:
  static constexpr os::Bytes kTable{2 << 20};
  std::span<std::byte> all_;
  std::size_t size_;
};

/// Maps anonymous memory, writes to each page of it, and unmaps it: the calls and nothing else. Huge pages
/// are off for all of the process (main.cpp).
inline void map_touch_unmap(std::size_t size) {
  void* const memory = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  require(memory != MAP_FAILED, "mmap");
  touch({static_cast<std::byte*>(memory), size});
  require(::munmap(memory, size) == 0, "munmap");
}

}  // namespace tlbstorm::benches

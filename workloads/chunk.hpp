// SPDX-License-Identifier: Apache-2.0
// A chunk of memory from one of the sources that memory can come from; given back when destroyed.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <span>
#include <string>

#include "harness/os/mapping.hpp"

namespace tlbstorm::workloads {

class Chunk {
 public:
  /// `source`: private, shared, file (in `folder`), memfd, sysv, hugetlb or malloc. Throws os::SystemError.
  Chunk(const std::string& source, os::Bytes size, const std::filesystem::path& folder);

  std::byte* data() const { return heap_ ? heap_.get() : map_.data(); }
  os::Bytes size() const { return size_; }
  std::span<std::byte> bytes() const { return {data(), size_.count}; }

  // What the kernel can be asked to do with its whole pages. Each throws os::SystemError.
  void use_huge_pages() const;   ///< MADV_HUGEPAGE
  void lock() const;             ///< mlock: faults it in
  void lock_on_fault() const;    ///< MLOCK_ONFAULT: what is touched from now on
  void populate() const;         ///< MADV_POPULATE_WRITE
  void give_holes_back() const;  ///< every other page
  void write_back() const;       ///< msync
  std::size_t push_out() const;  ///< MADV_PAGEOUT; how many bytes were offered
  /// How many of its bytes are in memory, by mincore(2): mapped, or still on their way to swap.
  os::Bytes resident() const;

 private:
  std::span<std::byte> pages() const;
  void advise(int advice, const char* call, const char* hint) const;

  struct Free {
    // NOLINTNEXTLINE(cppcoreguidelines-owning-memory): it is the owner's
    void operator()(std::byte* memory) const { std::free(memory); }
  };
  os::Bytes size_;
  bool shared_;  ///< its pages are of a file, if only in memory
  os::Mapping map_;
  std::unique_ptr<std::byte, Free> heap_;
};

}  // namespace tlbstorm::workloads

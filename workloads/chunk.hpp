// SPDX-License-Identifier: Apache-2.0
// A chunk of memory from one of the sources that memory can come from; given back when destroyed.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <utility>

#include "harness/os/mapping.hpp"

namespace tlbstorm::workloads {

class Chunk {
 public:
  /// `source`: private, shared, file (in `folder`), memfd, sysv, hugetlb or malloc. Throws os::SystemError.
  Chunk(const std::string& source, os::Bytes size, const std::filesystem::path& folder);

  std::byte* data() const { return heap_ ? heap_.get() : map_.data(); }
  os::Bytes size() const { return size_; }
  std::span<std::byte> bytes() const { return {data(), size_.count}; }
  /// The whole pages in it, for calls that take no less.
  std::pair<std::byte*, std::size_t> pages() const;

 private:
  struct Free {
    void operator()(std::byte* memory) const { std::free(memory); }
  };
  os::Bytes size_;
  os::Mapping map_;
  std::unique_ptr<std::byte, Free> heap_;
};

}  // namespace tlbstorm::workloads

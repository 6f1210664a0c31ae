// SPDX-License-Identifier: Apache-2.0
#include "workloads/chunk.hpp"

#include <cerrno>

#include "harness/os/error.hpp"
#include "workloads/data_file.hpp"

namespace tlbstorm::workloads {
namespace {

os::Mapping map(const std::string& source, os::Bytes size, const std::filesystem::path& folder) {
  if (source == "shared") return os::Mapping::shared(size);
  if (source == "memfd") return os::Mapping::memfd(size);
  if (source == "sysv") return os::Mapping::sysv(size);
  if (source == "hugetlb") return os::Mapping::huge(size);
  if (source == "file") return os::Mapping::file(make_empty_file(folder, size), size, true, "a chunk's file");
  return os::Mapping::anonymous(size);
}

}  // namespace

Chunk::Chunk(const std::string& source, os::Bytes size, const std::filesystem::path& folder) : size_(size) {
  if (source != "malloc") {
    map_ = map(source, size, folder);
    return;
  }
  heap_.reset(static_cast<std::byte*>(std::malloc(size.count)));
  if (!heap_) throw os::SystemError("malloc", os::format_size(size), ENOMEM);
}

std::pair<std::byte*, std::size_t> Chunk::pages() const {
  const std::size_t page = os::page_size().count;
  const auto begin = reinterpret_cast<std::uintptr_t>(data());
  const std::uintptr_t first = (begin + page - 1) / page * page;
  return {reinterpret_cast<std::byte*>(first), (begin + size_.count - first) / page * page};
}

}  // namespace tlbstorm::workloads

// SPDX-License-Identifier: Apache-2.0
#include "workloads/chunk.hpp"

#include <sys/mman.h>

#include <algorithm>
#include <cerrno>
#include <vector>

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

constexpr const char* kLockHint = "run as root, or raise the limit (ulimit -l)";

void require(int result, const char* call, const char* hint) {
  if (result != 0) throw os::SystemError(call, "a chunk", errno, hint);
}

}  // namespace

Chunk::Chunk(const std::string& source, os::Bytes size, const std::filesystem::path& folder)
    : size_(size), shared_(source != "private" && source != "malloc" && source != "hugetlb") {
  if (source != "malloc") {
    map_ = map(source, size, folder);
    return;
  }
  // NOLINTNEXTLINE(cppcoreguidelines-owning-memory): heap_ owns it
  heap_.reset(static_cast<std::byte*>(std::malloc(size.count)));
  if (!heap_) throw os::SystemError("malloc", os::format_size(size), ENOMEM);
}

std::span<std::byte> Chunk::pages() const {
  const std::size_t page = os::page_size().count;
  const auto begin = reinterpret_cast<std::uintptr_t>(data());
  const std::uintptr_t first = (begin + page - 1) / page * page;
  return {data() + (first - begin), (begin + size_.count - first) / page * page};
}

void Chunk::advise(int advice, const char* call, const char* hint) const {
  require(::madvise(pages().data(), pages().size(), advice), call, hint);
}

void Chunk::use_huge_pages() const {
  advise(MADV_HUGEPAGE, "madvise(MADV_HUGEPAGE)", "this kernel has none");
}
void Chunk::populate() const {
  advise(MADV_POPULATE_WRITE, "madvise(MADV_POPULATE_WRITE)", "it needs Linux 5.14");
}
void Chunk::lock() const { require(::mlock(pages().data(), pages().size()), "mlock", kLockHint); }
void Chunk::lock_on_fault() const {
  require(::mlock2(pages().data(), pages().size(), MLOCK_ONFAULT), "mlock2(MLOCK_ONFAULT)", kLockHint);
}
void Chunk::write_back() const { require(::msync(pages().data(), pages().size(), MS_SYNC), "msync", ""); }

std::size_t Chunk::push_out() const {
  advise(MADV_PAGEOUT, "madvise(MADV_PAGEOUT)", "it needs Linux 5.4");
  return pages().size();
}

os::Bytes Chunk::resident() const {
  std::vector<unsigned char> in_memory(pages().size() / os::page_size().count);
  require(::mincore(pages().data(), pages().size(), in_memory.data()), "mincore", "");
  const auto count = std::count_if(in_memory.begin(), in_memory.end(), [](unsigned char c) { return c & 1; });
  return os::page_size() * static_cast<std::uint64_t>(count);
}

void Chunk::give_holes_back() const {
  const std::size_t page = os::page_size().count;
  for (std::size_t at = 0; at + page <= pages().size(); at += 2 * page)
    require(::madvise(pages().data() + at, page, shared_ ? MADV_REMOVE : MADV_DONTNEED),
            "madvise of every other page", "");
}

}  // namespace tlbstorm::workloads

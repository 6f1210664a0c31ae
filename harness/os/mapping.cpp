// SPDX-License-Identifier: Apache-2.0
#include "harness/os/mapping.hpp"

#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>
#include <vector>

#include "harness/os/error.hpp"

namespace tlbstorm::os {

Bytes page_size() {
  static const Bytes size{static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE))};
  return size;
}

namespace {

void* map_or_throw(Bytes size, int protection, int flags, int fd, std::string_view path) {
  void* const data = ::mmap(nullptr, size.count, protection, flags, fd, 0);
  if (data == MAP_FAILED) throw SystemError("mmap " + format_size(size) + " of", path, errno);
  return data;
}

}  // namespace

Mapping::Mapping(Mapping&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, {})) {}

Mapping& Mapping::operator=(Mapping&& other) noexcept {
  if (this != &other) {
    reset();
    data_ = std::exchange(other.data_, nullptr);
    size_ = std::exchange(other.size_, {});
  }
  return *this;
}

void Mapping::reset() {
  if (data_ != nullptr) ::munmap(data_, size_.count);
  data_ = nullptr;
  size_ = {};
}

Mapping Mapping::anonymous(Bytes size) {
  Mapping mapping(map_or_throw(size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, "memory"),
                  size);
  ::madvise(mapping.data_, size.count, MADV_NOHUGEPAGE);  // EINVAL without THP in the kernel: as wished
  return mapping;
}

Mapping Mapping::shared(Bytes size) {
  return {map_or_throw(size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, "memory"), size};
}

Mapping Mapping::memfd(Bytes size) {
  const Fd fd(::memfd_create("tlbstorm", MFD_CLOEXEC));
  if (!fd) throw SystemError("memfd_create", "", errno);
  if (::ftruncate(fd.get(), static_cast<off_t>(size.count)) != 0)
    throw SystemError("ftruncate", "a memfd", errno);
  return file(fd, size, true, "a memfd");
}

Mapping Mapping::sysv(Bytes size) {
  const int segment = ::shmget(IPC_PRIVATE, size.count, IPC_CREAT | 0600);
  if (segment < 0)
    throw SystemError("shmget", format_size(size), errno, "see kernel.shmmax and kernel.shmall");
  void* const data = ::shmat(segment, nullptr, 0);
  const int failed = errno;
  ::shmctl(segment, IPC_RMID, nullptr);  // it lives on until the last user unmaps it
  // NOLINTNEXTLINE(performance-no-int-to-ptr): shmat(2)'s word for failure
  if (data == reinterpret_cast<void*>(-1)) throw SystemError("shmat", format_size(size), failed);
  return {data, size};
}

Mapping Mapping::huge(Bytes size) {
  void* const data =
      ::mmap(nullptr, size.count, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0);
  if (data == MAP_FAILED)
    throw SystemError("mmap(MAP_HUGETLB)", format_size(size), errno,
                      "set vm.nr_hugepages, and give whole huge pages");
  return {data, size};
}

Mapping Mapping::file(const Fd& fd, Bytes size, bool writable, const std::filesystem::path& path) {
  const int protection = writable ? PROT_READ | PROT_WRITE : PROT_READ;
  return {map_or_throw(size, protection, MAP_SHARED, fd.get(), path.native()), size};
}

namespace {

constexpr const char* kPagemap = "/proc/self/pagemap";
constexpr std::uint64_t kPresent = std::uint64_t{1} << 63;
constexpr std::size_t kBlock = 4096;  // pages asked about at a time

}  // namespace

PageCensus::PageCensus() : pagemap_(Fd::open(kPagemap, O_RDONLY)), entries_(kBlock), resident_(kBlock) {}

Residency PageCensus::count(const Mapping& mapping) {
  Residency found;
  for (std::size_t first = 0; first < mapping.pages(); first += kBlock) {
    const std::size_t count = std::min(kBlock, mapping.pages() - first);
    std::byte* const start = mapping.page(first);
    const auto offset = reinterpret_cast<std::uintptr_t>(start) / page_size().count * sizeof(std::uint64_t);
    const std::size_t wanted = count * sizeof(std::uint64_t);
    if (::pread(pagemap_.get(), entries_.data(), wanted, static_cast<off_t>(offset)) !=
        static_cast<ssize_t>(wanted))
      throw SystemError("read", kPagemap, errno);
    if (::mincore(start, count * page_size().count, resident_.data()) != 0)
      throw SystemError("mincore", "of the region", errno);
    for (std::size_t i = 0; i < count; ++i) {
      found.present += (entries_[i] & kPresent) != 0;
      found.cached += (resident_[i] & 1) != 0;
    }
  }
  return found;
}

}  // namespace tlbstorm::os

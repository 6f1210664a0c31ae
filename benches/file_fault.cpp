// SPDX-License-Identifier: Apache-2.0
// What does a fault on a page cost that is in the page cache? (mm/memory.c: do_read_fault.) The kernel maps
// the cached pages around it, too, 16 unless debugfs has another fault_around_bytes; fault/file_single shows
// the price without. Nothing is flushed: there was no translation.
#include <linux/userfaultfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "benches/benches.hpp"
#include "benches/cost.hpp"
#include "benches/loops.hpp"
#include "benches/pages.hpp"
#include "benches/sharers.hpp"
#include "harness/os/error.hpp"
#include "workloads/data_file.hpp"

namespace tlbstorm::benches {
namespace {

constexpr int kRound = 4096;  // pages that are unmapped at a time

// include/uapi/linux/userfaultfd.h of Linux 6.7; Debian 12's headers are older.
constexpr std::uint64_t kWriteProtectAsync = 1 << 15;

/// A userfaultfd whose write protection needs nobody to answer it. It is a closed one where the kernel has
/// none.
os::Fd open_userfaultfd() {
  os::Fd fd(static_cast<int>(::syscall(SYS_userfaultfd, O_CLOEXEC | UFFD_USER_MODE_ONLY)));
  uffdio_api api{};
  api.api = UFFD_API;
  api.features = kWriteProtectAsync;
  if (!fd || ::ioctl(fd.get(), UFFDIO_API, &api) != 0) return {};
  return fd;
}

/// Has the kernel map only the page that was asked for: memory that could be write-protected page by page is
/// not faulted around (mm/memory.c: should_fault_around -> uffd_disable_fault_around). Until the result is
/// closed.
os::Fd fault_singly(const os::Mapping& memory) {
  os::Fd fd = open_userfaultfd();
  uffdio_register range{};
  range.range = {reinterpret_cast<std::uint64_t>(memory.data()), memory.size().count};
  range.mode = UFFDIO_REGISTER_MODE_WP;
  if (::ioctl(fd.get(), UFFDIO_REGISTER, &range) != 0)
    throw os::SystemError("register with userfaultfd", "the benchmark's file", errno);
  return fd;
}

/// In the cache as single pages: MADV_WILLNEED makes no large folios, which a fault maps whole
/// (mm/readahead.c: page_cache_ra_unbounded).
void bring_in(std::span<std::byte> pages) {
  ::madvise(pages.data(), pages.size(), MADV_WILLNEED);
  read(pages);
}

void fault(benchmark::State& state, const Setting& setting, bool singly) {
  const os::Bytes room = Batches::room_for(kRound);
  const os::Fd file = workloads::make_unnamed_file(workloads::data_folder(), room, 1);
  const os::Mapping memory = os::Mapping::file(file, room, false, "the benchmark's file");
  const Batches batches(memory, kRound, setting.pages);
  bring_in(batches.all());
  const os::Fd single = singly ? fault_singly(memory) : os::Fd();
  Sharers others(setting.cpus);
  Cost cost(state, others, setting.pages);
  by_rounds(
      state, cost, batches.count(),
      [&] { ::madvise(batches.all().data(), batches.all().size(), MADV_DONTNEED); },
      [&](std::size_t i) { read(batches[i]); });
}

const RegisteredBenchmark registration([](Catalogue& catalogue) {
  try {
    workloads::check_data_folder("$TLBSTORM_DATA_DIR", workloads::data_folder(), Batches::room_for(kRound));
  } catch (const os::UsageError& error) {
    catalogue.skip("fault/file", error.what());
    return catalogue.skip("fault/file_single", error.what());
  }
  catalogue.add("fault/file", [](auto& state, const Setting& setting) { fault(state, setting, false); });
  if (!open_userfaultfd())
    return catalogue.skip("fault/file_single",
                          "turning fault-around off for one mapping needs Linux 6.7 with "
                          "CONFIG_USERFAULTFD");
  catalogue.add("fault/file_single",
                [](auto& state, const Setting& setting) { fault(state, setting, true); });
});

}  // namespace
}  // namespace tlbstorm::benches

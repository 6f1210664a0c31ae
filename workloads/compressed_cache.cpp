// SPDX-License-Identifier: Apache-2.0
// compressed-cache: what it gains to read back from compressed memory rather than from a disk. The same pages
// are read in the same order from a file (mm/filemap.c: filemap_fault) and from shared memory whose pages
// reclaim has put into zram or zswap (mm/shmem.c: shmem_swapin_folio). The case of zcache (2010): 2.5x, at
// random 3x. In the end each page of both is read once more and verified.
#include <fmt/format.h>
#include <sys/mman.h>

#include <cerrno>

#include "harness/os/error.hpp"
#include "harness/os/mapping.hpp"
#include "harness/trial/swap_request.hpp"
#include "harness/trial/worker.hpp"
#include "workloads/data_file.hpp"
#include "workloads/page_check.hpp"
#include "workloads/page_queue.hpp"
#include "workloads/page_seal.hpp"
#include "workloads/swap_need.hpp"

namespace tlbstorm::workloads {
namespace {

using os::operator""_MiB;
using trial::Better;
using Type = trial::Option::Type;
using trial::Parameters;
using trial::Plan;
using trial::Worker;

enum CounterIndex : std::size_t { kFileBytes, kFileTime, kStoreBytes, kStoreTime, kVerified };

class CompressedCache final : public trial::Workload {
 public:
  explicit CompressedCache(const Plan& plan)
      : size_(plan.parameters.size("size")),
        access_(plan.parameters.text("access")),
        rounds_(plan.parameters.integer("rounds")),
        folder_(plan.parameters.text("folder")),
        sealer_({plan.seed, plan.parameters.number("compress-ratio"), 0, new_owner()},
                os::page_size().count) {}

  void prepare() override {
    disk_ = make_empty_file(folder_, size_);
    file_ = os::Mapping::file(disk_, size_, true, "the data file");
    store_ = os::Mapping::shared(size_);
    // At random, what is read ahead is read in vain: as whoever reads at random would, say so.
    if (access_ != kSequential && ::madvise(file_.data(), size_.count, MADV_RANDOM) != 0)
      throw os::SystemError("madvise(MADV_RANDOM)", "the data file", errno);
  }

  void work(Worker& worker) override {
    const PageRange part = part_of(file_.pages(), worker.index(), worker.count());
    fill(worker, part);
    bool same = true;
    while (worker.next_round(rounds_)) {
      const std::uint64_t from_file = read_all(worker, file_, part, kFileBytes, kFileTime);
      const std::uint64_t from_store = read_all(worker, store_, part, kStoreBytes, kStoreTime);
      same &= from_file == from_store;
    }
    const bool right = verify(worker, part);
    if (right && !same)
      worker.report_wrong_page("a page of the file or the store came wrong, and right when it was read again",
                               {}, {});
  }

 private:
  /// The same data in both places.
  void fill(Worker& worker, PageRange part) const {
    for (const os::Mapping* const memory : {&file_, &store_}) {
      for (std::uint64_t page = part.first; page < part.first + part.count; ++page)
        sealer_.fill(memory->page(page), page * os::page_size().count);
      worker.barrier();
      if (worker.leader()) push_out(*memory);
      worker.barrier();
    }
  }

  /// The measured window: as many reads as the part has pages. The sum of what was read.
  std::uint64_t read_all(Worker& worker, const os::Mapping& memory, PageRange part, CounterIndex bytes,
                         CounterIndex time) const {
    start_cold(worker);
    PageQueue queue(access_, part, 0, worker.seed());
    std::uint64_t sum = 0;
    worker.measure_together([&] {
      const os::Nanoseconds begin = os::now();
      for (std::uint64_t i = 0; i < part.count; ++i) {
        if (queue.empty()) queue.refill();
        sum += read_page(memory.page(queue.next().page));
      }
      worker.count(time, static_cast<std::uint64_t>((os::now() - begin).count()));
      worker.count(bytes, part.count * os::page_size().count);
      worker.count_operations(part.count);
    });
    return sum;
  }

  /// Whether all pages of the part are right in both.
  bool verify(Worker& worker, PageRange part) const {
    start_cold(worker);
    bool right = true;
    for (std::uint64_t page = part.first; page < part.first + part.count; ++page)
      for (const os::Mapping* const memory : {&file_, &store_}) {
        const bool good = check_page(worker, sealer_, memory == &file_ ? "the file" : "the store",
                                     memory->page(page), page * os::page_size().count);
        worker.count(kVerified, good ? 1 : 0);
        right &= good;
      }
    return right;
  }

  /// One word of each cache line.
  static std::uint64_t read_page(const std::byte* page) {
    std::uint64_t sum = 0;
    for (std::size_t at = 0; at < os::page_size().count; at += trial::kCacheLine)
      sum += *reinterpret_cast<const volatile std::uint64_t*>(page + at);
    return sum;
  }

  /// Neither pays for what the other left in memory.
  void start_cold(Worker& worker) const {
    if (worker.leader())
      for (const os::Mapping* const each : {&file_, &store_}) push_out(*each);
    worker.barrier();
  }

  void push_out(const os::Mapping& memory) const {
    if (&memory == &file_) {
      if (::msync(memory.data(), size_.count, MS_SYNC) != 0)
        throw os::SystemError("msync", "the data file", errno);
    }
    if (::madvise(memory.data(), size_.count, MADV_PAGEOUT) != 0)
      throw os::SystemError("madvise(MADV_PAGEOUT)", "the data", errno, "it needs Linux 5.4 or later");
    if (&memory == &file_) drop_cached(disk_);
  }

  os::Bytes size_;
  std::string access_;
  std::int64_t rounds_;
  std::filesystem::path folder_;
  PageSealer sealer_;
  os::Fd disk_;
  os::Mapping file_;
  os::Mapping store_;
};

/// Brings what the store needs: a zram device, or zswap in front of a swap file.
void resolve_store(Plan& plan, const machine::Machine& machine, os::Bytes size) {
  const std::string& store = plan.parameters.text("store");
  const bool zswap = store == "zswap";
  constexpr const char* kZswap = "/sys/module/zswap/parameters/enabled";
  if (zswap && !std::filesystem::exists(kZswap))
    throw os::UsageError("--store", store, "this kernel has no zswap", "use --store zram");
  if (zswap) plan.settings.emplace_back(kZswap, "Y");
  if (!zswap && std::filesystem::exists(kZswap)) plan.settings.emplace_back(kZswap, "N");
  if (plan.swap.empty() && machine.swaps.empty()) {
    const std::uint64_t mib = size.count / (1 << 20) * 3 / 2 + 16;
    const std::string request = zswap ? fmt::format("file:{}M", mib) : fmt::format("zram:{}M", mib);
    try {
      plan.swap.push_back(trial::request_swap(request, machine));
    } catch (const os::UsageError& error) {
      throw os::UsageError("--size", os::format_size(size),
                           fmt::format("needs swap on {}: {}", request, error.problem()),
                           "give a smaller size, or a --swap of yours");
    }
  }
  require_swap(plan, machine, "store", "size", size);
}

void resolve(Plan& plan, const machine::Machine& machine) {
  Parameters& parameters = plan.parameters;
  check_access("--access", parameters.text("access"));
  require_limit(plan, machine, 64_MiB + slack(plan));
  if (!parameters.given("size")) parameters.set("size", std::to_string(plan.memory->count * 4), false);
  const os::Bytes size = parameters.size("size");
  if (size.count < plan.memory->count * 2 || size.count % os::page_size().count != 0)
    throw os::UsageError("--size", os::format_size(size), "not whole pages, or less than twice --memory",
                         "give a larger size: what stays in memory is read from neither");
  resolve_store(plan, machine, size);
  if (parameters.text("folder").empty()) parameters.set("folder", data_folder(), false);
  check_data_folder("--folder", parameters.text("folder"), size);
}

trial::OwnFigure bandwidth(const char* name, const char* meaning, const std::string& bytes,
                           const std::string& time) {
  return {name, "bytes/s", Better::higher, meaning, {bytes}, {time}, 1e9};
}

const trial::RegisteredWorkload registration{{
    .name = "compressed-cache",
    .summary = "the same data read back from a file and from compressed memory (shmem_swapin_folio)",
    .operation = "one page read, from the one or the other",
    .primary = "gain",
    .pacing = trial::Pacing::rounds,
    .parameters = {{.name = "size",
                    .type = Type::size,
                    .standard = "0",
                    .help = "bytes of data; default 4 times --memory"},
                   {.name = "store",
                    .type = Type::choice,
                    .standard = "zram",
                    .help = "where reclaim puts the shared memory; brought along if no swap is active",
                    .choices = {{"zram", "a compressed swap device"},
                                {"zswap", "a compressed cache in front of swap"}}},
                   {.name = "access",
                    .type = Type::choice,
                    .standard = "sequential",
                    .help = "order of the reads, in each worker's own part",
                    .choices = {{"sequential"}, {"random"}, {"zipf:THETA"}, {"stride:PAGES"}}},
                   {.name = "compress-ratio",
                    .type = Type::number,
                    .standard = "2.5",
                    .help = "how well the data compresses, about",
                    .range = {1, 1000}},
                   {.name = "rounds",
                    .type = Type::whole,
                    .standard = "3",
                    .help = "times that both are read in each trial",
                    .range = {1}},
                   {.name = "folder",
                    .type = Type::folder,
                    .help = "where the unnamed data file goes",
                    .likeness = trial::Likeness::told}},
    .counters = {{"file_bytes", "bytes", "data read from the file"},
                 {"file_ns", "ns", "time of that"},
                 {"store_bytes", "bytes", "data read from compressed memory"},
                 {"store_ns", "ns", "time of that"},
                 {trial::counter::kVerified, "pages", "pages looked at whole in the end, and found right"}},
    .figures =
        {{"gain",
          "ratio",
          Better::higher,
          "time to read from the file as a multiple of that from compressed memory, for the same reads",
          {column::of_workload("file_ns")},
          {column::of_workload("store_ns")}},
         {"compression",
          "ratio",
          Better::higher,
          "data kept for each byte of compressed data, on average while it is measured",
          {trial::mean_of(column::kZramStored), trial::mean_of(column::kZswapStored)},
          {trial::mean_of(column::kZramCompressed), trial::mean_of(column::kZswapCompressed)}},
         {"store_memory",
          "bytes",
          Better::lower,
          "memory that the store took, on average",
          {trial::mean_of(column::kZramMemoryUsed), trial::mean_of(column::kZswapCompressed)},
          {}},
         {"incompressible_pages",
          "pages",
          Better::lower,
          "pages that zram keeps as they are, on average",
          {trial::mean_of(column::kZramIncompressible)},
          {}},
         {"same_filled_pages",
          "pages",
          Better::neither,
          "pages of one repeated word, which zram keeps as that word, on average",
          {trial::mean_of(column::kZramSamePages)},
          {}},
         bandwidth("file_bandwidth", "data read in a worker's second of reading the file",
                   column::of_workload("file_bytes"), column::of_workload("file_ns")),
         bandwidth("store_bandwidth", "data read in a worker's second of reading compressed memory",
                   column::of_workload("store_bytes"), column::of_workload("store_ns"))},
    .trials = 3,
    .warmup = "0",
    .duration = "",
    .resolve = &resolve,
    .make = [](const Plan& plan) -> std::unique_ptr<trial::Workload> {
      return std::make_unique<CompressedCache>(plan);
    },
}};

}  // namespace
}  // namespace tlbstorm::workloads

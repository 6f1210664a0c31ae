// SPDX-License-Identifier: Apache-2.0
// file-cache: the CDN cache. A mapped file far larger than memory, read by all CPUs, while the kernel
// reclaims mapped clean pages: filemap_fault -> reclaim -> try_to_unmap -> batched flush (mm/rmap.c:
// try_to_unmap_flush). The case of "TLB flush multiple pages per IPI" (2015), measured there with
// vm-scalability's lru-file-mmap-read.
#include <fmt/format.h>
#include <linux/capability.h>
#include <sys/mman.h>

#include <cerrno>

#include "harness/machine/filesystem.hpp"
#include "harness/os/mapping.hpp"
#include "harness/os/meminfo.hpp"
#include "harness/os/text.hpp"
#include "harness/trial/access_timer.hpp"
#include "workloads/data_file.hpp"
#include "workloads/page_queue.hpp"
#include "workloads/swap_need.hpp"

namespace tlbstorm::workloads {
namespace {

using os::operator""_MiB;
using trial::Access;
using Type = trial::Option::Type;
using trial::Parameters;
using trial::Plan;
using trial::Worker;

enum CounterIndex : std::size_t { kBytes };
constexpr os::Bytes kLargest = os::operator""_GiB(64 << 10);  // half of what x86 gives with four levels
constexpr const char* kPreset = "lru-file-mmap-read";

/// One word of each cache line, so that the page's data really crosses to the CPU.
inline void read_page(const std::byte* page, std::size_t page_bytes) {
  for (std::size_t at = 0; at < page_bytes; at += trial::kCacheLine)
    static_cast<void>(*reinterpret_cast<const volatile std::uint64_t*>(page + at));
}

/// Makes the page dirty and leaves what is in it as it was: the first page tells whose file it is.
inline void dirty_page(std::byte* page) {
  auto* const word = reinterpret_cast<volatile std::uint64_t*>(page);
  *word = *word;
}

/// The files of a plan: one for all workers, or one for each.
struct Files {
  std::vector<std::filesystem::path> paths;
  os::Bytes each;
};

Files files_of(const Plan& plan) {
  const Parameters& parameters = plan.parameters;
  const std::size_t page = os::page_size().count;
  Files files;
  if (parameters.text("files") == "one") return {{parameters.text("file")}, parameters.size("size")};
  for (int i = 0; i < plan.workers; ++i)
    files.paths.push_back(fmt::format("{}.{}", parameters.text("file"), i));
  files.each = {parameters.size("size").count / static_cast<std::uint64_t>(plan.workers) / page * page};
  return files;
}

class FileCache final : public trial::Workload {
 public:
  explicit FileCache(const Plan& plan)
      : parameters_(plan.parameters),
        files_(files_of(plan)),
        seed_(plan.seed),
        write_ratio_(plan.parameters.number("write-ratio")) {}

  void prepare() override {
    const bool sparse = parameters_.flag("sparse");
    for (const std::filesystem::path& path : files_.paths) {
      const Found found = look_at(path);
      const bool usable = found.ours && found.size == files_.each && found.sparse == sparse;
      if (!usable && (found.ours || !found.exists)) make_data_file(path, files_.each, sparse, seed_);
      maps_.push_back(map(path));
    }
    if (parameters_.text("pressure") == "global") fill_memory();
  }

  void work(Worker& worker) override {
    const os::Mapping& map = maps_[maps_.size() == 1 ? 0 : static_cast<std::size_t>(worker.index())];
    const std::string& access = parameters_.text("access");
    // Workers that share a file go round parts of their own: in the whole of it, the fast catch up with the
    // slow and from then on find every page there.
    const bool parts = access == kSequential && maps_.size() == 1;
    const PageRange range =
        parts ? part_of(map.pages(), worker.index(), worker.count()) : PageRange{0, map.pages()};
    PageQueue queue(access, range, write_ratio_, worker.seed());
    visit(worker, map, queue);
  }

 private:
  /// Reads until little memory is free: reclaim would else begin only after a machine's worth of warm-up.
  void fill_memory() const {
    constexpr std::size_t kLook = 16384;  // pages between two looks at what is free
    const os::Bytes enough = os::read_meminfo("MemTotal") / 20;
    for (const os::Mapping& map : maps_)
      for (std::size_t page = 0; page < map.pages(); ++page) {
        if (page % kLook == 0 && os::read_meminfo("MemFree") < enough) return;
        static_cast<void>(*reinterpret_cast<const volatile std::uint64_t*>(map.page(page)));
      }
  }

  /// The measured loop. One operation is one page read, or read and written.
  static void visit(Worker& worker, const os::Mapping& map, PageQueue& queue) {
    const std::size_t page_bytes = os::page_size().count;
    trial::AccessTimer timer(worker);
    while (worker.running()) {
      if (queue.empty()) {
        queue.refill();
        timer.restart();
      }
      const PageQueue::Visit visit = queue.next();
      std::byte* const page = map.page(visit.page);
      read_page(page, page_bytes);
      if (visit.write) dirty_page(page);
      timer.ended(visit.write ? Access::write : Access::read);
      worker.count_operations();
      worker.count(kBytes, page_bytes);
    }
  }

  os::Mapping map(const std::filesystem::path& path) const {
    const bool writes = write_ratio_ > 0;
    const os::Fd fd = os::Fd::open(path, writes ? O_RDWR : O_RDONLY);
    drop_cached(fd);  // what another trial or cgroup was charged for would never be reclaimed from this one
    os::Mapping map = os::Mapping::file(fd, files_.each, writes, path);
    const std::string& advise = parameters_.text("advise");
    const int advice = advise == "random"       ? MADV_RANDOM
                       : advise == "sequential" ? MADV_SEQUENTIAL
                                                : MADV_NORMAL;
    if (::madvise(map.data(), map.size().count, advice) != 0)
      throw os::SystemError("madvise", path.native(), errno);
    return map;
  }

  const Parameters& parameters_;
  Files files_;
  std::uint64_t seed_;
  double write_ratio_;
  std::vector<os::Mapping> maps_;
};

/// The limit or the memory that the file must exceed.
os::Bytes resolve_pressure(Plan& plan, const machine::Machine& machine) {
  if (plan.parameters.text("pressure") == "global") {
    if (plan.memory)
      throw os::UsageError("--pressure", "global", "contradicts --memory", "leave one of them out");
    if (!plan.parameters.flag("sparse") && !plan.parameters.given("size") && !plan.parameters.given("file"))
      throw os::UsageError("--pressure", "global", "needs a data file larger than all memory to be written",
                           "add --sparse (no I/O), or say how large with --size");
    return machine.memory;
  }
  if (machine.cgroup.parent.empty())
    throw os::UsageError("--pressure", "memcg", machine.cgroup.reason,
                         machine.cgroup.remedy + "; or use --pressure global with a file larger than memory");
  if (!plan.memory) plan.memory = 128_MiB + slack_of_worker() * static_cast<std::uint64_t>(plan.workers);
  return *plan.memory;
}

void resolve_size(Plan& plan, os::Bytes memory) {
  Parameters& parameters = plan.parameters;
  const bool global = parameters.text("pressure") == "global";
  const std::uint64_t times = plan.preset == kPreset ? 10 : 4;
  const Found found = parameters.text("files") == "one" && parameters.given("file")
                          ? look_at(parameters.text("file"))
                          : Found{};
  const bool foreign = found.exists && !found.ours;
  if (!parameters.given("size"))
    parameters.set("size",
                   std::to_string(foreign ? found.size.count / os::page_size().count * os::page_size().count
                                          : (memory * times).count),
                   false);
  const os::Bytes size = parameters.size("size");
  const std::string shown = os::format_size(size);
  if (size > kLargest)
    throw os::UsageError("--size", shown, "more than a process can map",
                         "give at most " + os::format_size(kLargest));
  if (foreign && found.size < size)
    throw os::UsageError("--file", parameters.text("file"),
                         fmt::format("too small: {} where --size is {}", os::format_size(found.size), shown),
                         "give a smaller --size, or a path that does not exist: the file is then made");
  if (foreign && parameters.number("write-ratio") > 0)
    throw os::UsageError("--write-ratio", parameters.text("write-ratio"), "the file was not made by tlbstorm",
                         "it is only read; give a path that does not exist for a file that may be written");
  if (size.count < memory.count + memory.count / 4)
    throw os::UsageError("--size", shown,
                         fmt::format("too small: it fits into the {} of memory, nothing would be reclaimed",
                                     os::format_size(memory)),
                         global ? "give a file larger than memory, or --pressure memcg"
                                : "give a larger --size or a smaller --memory");
}

void resolve_files(Plan& plan) {
  Parameters& parameters = plan.parameters;
  if (!parameters.given("file"))
    parameters.set("file",
                   data_folder() / (parameters.flag("sparse") ? "file-cache-sparse.data" : "file-cache.data"),
                   false);
  const std::filesystem::path file = std::filesystem::absolute(parameters.text("file"));
  parameters.set("file", file, parameters.given("file"));
}

/// Room and time for files that are to be made; a file system where pages can be reclaimed in any case.
void check_files(Plan& plan) {
  const Files files = files_of(plan);
  if (files.each.count == 0)
    throw os::UsageError("--size", plan.parameters.text("size"),
                         fmt::format("less than a page for each of {} files", files.paths.size()),
                         "give a larger size, or fewer --workers");
  const bool sparse = plan.parameters.flag("sparse");
  std::uint64_t to_write = 0;
  for (const std::filesystem::path& path : files.paths) {
    const Found found = look_at(path);
    const bool named = plan.parameters.given("file") && files.paths.size() == 1;
    if (found.exists && !found.ours && !named)
      throw os::UsageError("--file", path.native(), "was not made by tlbstorm, or is damaged",
                           "remove it, or name another; one of yours can be read with --files one");
    // A file of someone else's: to read it, and to ask what of it is cached (mm/mincore.c: can_do_mincore()).
    if (found.exists && !found.ours) plan.capabilities = {CAP_DAC_READ_SEARCH, CAP_FOWNER};
    const bool usable = found.exists && (!found.ours || (found.size == files.each && found.sparse == sparse));
    if (usable && machine::file_system_of(path).in_memory)
      throw os::UsageError("--file", path.native(), "is in memory: its pages have no disk to be reclaimed to",
                           "name a file on a real file system");
    if (!usable && !sparse)
      to_write += files.each.count;  // an older one makes room only when this is complete
    if (!usable) check_data_folder("--file", path.parent_path(), {std::max<std::uint64_t>(to_write, 4096)});
  }
  constexpr std::uint64_t kSlowDisk = 20 << 20;  // bytes a second
  plan.timeout += std::chrono::seconds{to_write / kSlowDisk};
  if (to_write > 0)
    plan.notes.push_back(fmt::format("the data file {} ({}) is made first, and kept for later runs",
                                     files.paths.front().native(),
                                     os::format_size(plan.parameters.size("size"))));
}

/// Readahead around each fault maps little of what it brings in: pages that are reclaimed without a flush.
void note_readahead(Plan& plan) {
  if (plan.parameters.text("access") == "sequential" || plan.parameters.text("advise") == "random") return;
  plan.notes.push_back(
      "each fault reads ahead (read_ahead_kb of the device): most pages reclaimed were never mapped and "
      "need no flush; --advise random reads only what is asked for");
}

void resolve(Plan& plan, const machine::Machine& machine) {
  check_access("--access", plan.parameters.text("access"));
  const os::Bytes memory = resolve_pressure(plan, machine);
  resolve_files(plan);
  resolve_size(plan, memory);
  check_files(plan);
  note_readahead(plan);
}

const trial::RegisteredWorkload registration{{
    .name = "file-cache",
    .summary = "a mapped file far larger than memory, read by all CPUs: reclaim of mapped clean pages "
               "(filemap_fault)",
    .operation = "one page read (or read and written) through the mapping",
    .primary = metric::kIpisPerPage,
    .times_accesses = true,
    .parameters = {{.name = "file",
                    .type = Type::path,
                    .help = "the file; made if it does not exist, read as it is if it is yours"},
                   {.name = "size",
                    .type = Type::size,
                    .standard = "0",
                    .help = "bytes in all files; default 4 times the memory limit"},
                   {.name = "files",
                    .type = Type::choice,
                    .standard = "one",
                    .help = "how many files",
                    .choices = {{"one", "for all workers"}, {"per-worker", "one for each"}}},
                   {.name = "access",
                    .type = Type::choice,
                    .standard = "sequential",
                    .help = "order of the pages",
                    .choices = {{"sequential", "each worker its own part"}, {"random"}, {"zipf:THETA"}}},
                   {.name = "write-ratio",
                    .type = Type::ratio,
                    .standard = "0",
                    .help = "share of the accesses that also write"},
                   {.name = "advise",
                    .type = Type::choice,
                    .standard = "none",
                    .help = "madvise for the mapping",
                    .choices = {{"none"}, {"random"}, {"sequential"}}},
                   {.name = "pressure",
                    .type = Type::choice,
                    .standard = "memcg",
                    .help = "what makes memory short",
                    .choices = {{"memcg", "the cgroup's limit"}, {"global", "the machine's memory"}}},
                   {.name = "sparse",
                    .type = Type::flag,
                    .help = "a file of holes: no I/O, so the CPUs stay busy"}},
    .counters = {{trial::counter::kBytes, "bytes", "data read"}},
    .presets =
        {{kPreset,
          "vm-scalability's case of the 2015 series: a reader process a CPU, a sparse file each, 10x memory",
          {{"mode", "processes"}, {"files", "per-worker"}, {"sparse", "true"}, {"access", "sequential"}}}},
    .resolve = &resolve,
    .make = [](const Plan& plan) -> std::unique_ptr<trial::Workload> {
      return std::make_unique<FileCache>(plan);
    },
}};

}  // namespace
}  // namespace tlbstorm::workloads

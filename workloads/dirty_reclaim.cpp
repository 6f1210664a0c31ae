// SPDX-License-Identifier: Apache-2.0
// dirty-reclaim: memory dirtied faster than its limit allows, so that reclaim finds dirty pages wherever it
// looks and must have them written (mm/vmscan.c: shrink_folio_list -> try_to_unmap_flush_dirty -> pageout).
// The case of "batch TLB flush for dirty folios in vmscan" (2026): one flush a dirty page, unless they are
// batched.
#include <fmt/format.h>
#include <sys/mman.h>

#include "harness/os/error.hpp"
#include "harness/os/mapping.hpp"
#include "harness/trial/worker.hpp"
#include "workloads/data_file.hpp"
#include "workloads/page_queue.hpp"
#include "workloads/swap_need.hpp"

namespace tlbstorm::workloads {
namespace {

using trial::Better;
using Type = trial::Option::Type;
using trial::Plan;
using trial::Worker;

enum CounterIndex : std::size_t { kBytes };

class DirtyReclaim final : public trial::Workload {
 public:
  explicit DirtyReclaim(const Plan& plan)
      : kind_(plan.parameters.text("pages")),
        size_(plan.parameters.size("size")),
        access_(plan.parameters.text("access")),
        folder_(plan.parameters.text("folder")) {}

  void prepare() override {
    const os::Bytes half{size_.count / 2 / os::page_size().count * os::page_size().count};
    if (kind_ != "file") anonymous_ = os::Mapping::anonymous(kind_ == "mixed" ? half : size_);
    if (kind_ == "anon") return;
    const os::Bytes in_file = kind_ == "mixed" ? half : size_;
    file_ = os::Mapping::file(make_empty_file(folder_, in_file), in_file, true, "the dirtied file");
  }

  void work(Worker& worker) override {
    // Mixed: every other worker has one kind.
    const bool in_file = kind_ == "file" || (kind_ == "mixed" && worker.index() % 2 == 1);
    const os::Mapping& memory = in_file ? file_ : anonymous_;
    const int sharers = kind_ == "mixed" ? (worker.count() + (in_file ? 0 : 1)) / 2 : worker.count();
    const int index = kind_ == "mixed" ? worker.index() / 2 : worker.index();
    PageQueue queue(access_, part_of(memory.pages(), index, sharers), 1, worker.seed());
    dirty(worker, memory, queue);
  }

 private:
  /// The measured loop. One operation writes all of a page: what is in it can't be told in advance, so that
  /// no two pages are alike and none is worth compressing away.
  static void dirty(Worker& worker, const os::Mapping& memory, PageQueue& queue) {
    const std::size_t page_bytes = os::page_size().count;
    Random data(worker.seed());
    while (worker.running()) {
      if (queue.empty()) queue.refill();
      auto* const words = reinterpret_cast<volatile std::uint64_t*>(memory.page(queue.next().page));
      std::uint64_t word = data.next();
      for (std::size_t i = 0; i < page_bytes / sizeof word; ++i) words[i] = word += 0x9e3779b97f4a7c15ULL;
      worker.count_operations();
      worker.count(kBytes, page_bytes);
    }
  }

  std::string kind_;
  os::Bytes size_;
  std::string access_;
  std::filesystem::path folder_;
  os::Mapping anonymous_;
  os::Mapping file_;
};

void resolve(Plan& plan, const machine::Machine& machine) {
  trial::Parameters& parameters = plan.parameters;
  const std::string& kind = parameters.text("pages");
  check_access("--access", parameters.text("access"));
  require_limit(plan, machine, standard_limit(plan));
  if (!parameters.given("size")) {
    const double bytes = static_cast<double>(plan.memory->count) * parameters.number("overcommit");
    const std::uint64_t page = os::page_size().count;
    parameters.set("size", std::to_string(static_cast<std::uint64_t>(bytes) / page * page), false);
  }
  const os::Bytes size = parameters.size("size");
  if (size.count * 2 < plan.memory->count * 3)
    throw os::UsageError("--size", os::format_size(size),
                         fmt::format("it all but fits into {}", os::format_size(*plan.memory)),
                         "give a larger --size or a smaller --memory");
  if (kind == "mixed" && plan.workers < 2)
    throw os::UsageError("--pages", kind, "needs two workers, one for each kind", "give --workers 2 or more");
  plan.swaps = kind == "anon";
  const os::Bytes in_memory = kind == "mixed" ? size / 2 : size;
  if (kind != "file" && in_memory + slack(plan) > *plan.memory)
    require_swap(plan, machine, "pages", "size", in_memory);
  if (kind == "anon") return;
  if (parameters.text("folder").empty()) parameters.set("folder", data_folder(), false);
  check_data_folder("--folder", parameters.text("folder"), kind == "mixed" ? size / 2 : size);
}

trial::OwnFigure per_second(const char* name, const char* unit, const char* meaning,
                            std::vector<std::string> columns) {
  return {name, unit, Better::neither, meaning, std::move(columns), {"seconds"}};
}

const trial::RegisteredWorkload registration{{
    .name = "dirty-reclaim",
    .summary = "memory dirtied faster than its limit allows: reclaim has to write (try_to_unmap_flush_dirty)",
    .operation = "one page written from end to end",
    .primary = metric::kIpisPerPage,
    .parameters = {{.name = "pages",
                    .type = Type::choice,
                    .standard = "anon",
                    .help = "what is dirtied",
                    .choices = {{"anon", "anonymous memory"},
                                {"file", "a file mapped shared"},
                                {"mixed", "half of each"}}},
                   {.name = "overcommit",
                    .type = Type::number,
                    .standard = "4",
                    .help = "all that is dirtied as a multiple of --memory",
                    .range = {1.5, 100}},
                   {.name = "size", .type = Type::size, .standard = "0", .help = "the same in bytes"},
                   {.name = "access",
                    .type = Type::choice,
                    .standard = "sequential",
                    .help = "order of the pages, in each worker's own part",
                    .choices = {{"sequential"}, {"random"}, {"zipf:THETA"}, {"stride:PAGES"}}},
                   {.name = "folder",
                    .type = Type::folder,
                    .help = "where the unnamed file goes",
                    .likeness = trial::Likeness::told}},
    .counters = {{trial::counter::kBytes, "bytes", "data written"}},
    .figures = {{"ipis_per_page_written",
                 "IPIs/page",
                 Better::lower,
                 "TLB-shootdown handlers run for each page written back, to swap or to the file",
                 {column::kTlbInterrupts},
                 {column::kWritten}},
                per_second("writeback_rate", "pages/s",
                           "pages written back per second, to swap or to the file", {column::kWritten}),
                per_second("vmscan_write_rate", "pages/s", "pages that reclaim itself wrote per second",
                           {column::kWrittenByReclaim}),
                {"direct_reclaim_stalls",
                 "stalls/s",
                 Better::lower,
                 "allocations per second that had to reclaim first, at a zone's watermark (allocstall)",
                 {column::kNormalStalls, column::kMovableStalls},
                 {"seconds"}}},
    .presets = {{"stress-ng-vm",
                 "the case of the dirty-folio series: 16 processes dirty 2 GiB in a limit of 512 MiB",
                 {{"workers", "16"}, {"mode", "processes"}, {"memory", "512M"}, {"overcommit", "4"}}}},
    .resolve = &resolve,
    .make = [](const Plan& plan) -> std::unique_ptr<trial::Workload> {
      return std::make_unique<DirtyReclaim>(plan);
    },
}};

}  // namespace
}  // namespace tlbstorm::workloads

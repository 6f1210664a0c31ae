// SPDX-License-Identifier: Apache-2.0
// pageout: deterministic reclaim without pressure. All workers touch a region, so that every CPU holds its
// translations; then one calls MADV_PAGEOUT while the others stay on their CPUs. Dirty anonymous pages cost
// one flush each (mm/vmscan.c: shrink_folio_list calls try_to_unmap_flush_dirty before it writes a page),
// clean ones share a flush for each batch.
#include <fmt/format.h>
#include <sys/mman.h>

#include <cerrno>

#include "harness/os/fd.hpp"
#include "harness/os/mapping.hpp"
#include "harness/os/text.hpp"
#include "harness/trial/worker.hpp"
#include "workloads/data_file.hpp"
#include "workloads/random.hpp"
#include "workloads/swap_need.hpp"

namespace tlbstorm::workloads {
namespace {

using Type = trial::Option::Type;
using trial::Plan;
using trial::Worker;

enum CounterIndex : std::size_t { kPagesGone, kReclaimTime };

/// What kind of pages the region has, in its two dimensions.
struct PageKind {
  explicit PageKind(const std::string& text)
      : file(text.ends_with("-file")), dirty(text.starts_with("dirty-")) {}
  bool file;
  bool dirty;
};

class Pageout final : public trial::Workload {
 public:
  explicit Pageout(const Plan& plan)
      : kind_(plan.parameters.text("pages")),
        size_(plan.parameters.size("region")),
        rounds_(plan.parameters.integer("rounds")),
        single_(plan.parameters.text("folios") == "single"),
        folder_(plan.parameters.text("folder")),
        seed_(plan.seed) {}

  void work(Worker& worker) override {
    if (worker.leader()) make_region();
    worker.barrier();
    while (worker.next_round(rounds_)) {
      if (worker.leader() && kind_.file && single_) cache_by_single_pages(file_, size_, folder_);
      if (worker.leader() && kind_.dirty) dirty_all();
      worker.barrier();
      if (worker.leader() || worker.shares_memory()) read_all();
      worker.barrier();
      if (worker.leader())
        reclaim(worker);
      else
        while (worker.round_open()) trial::relax();  // on its CPU, in this mm: lazy TLBs get no IPI
    }
  }

 private:
  void reclaim(Worker& worker) {
    const std::uint64_t swapped_before = swapped_out();
    os::Residency left;
    worker.measure([&] { left = push_out(worker); });
    if (!kind_.file) check_swapped(worker, swapped_out() - swapped_before, region_.pages() - left.present);
    if (kind_.file && !kind_.dirty && left.cached * 20 > region_.pages())
      worker.invalidate(fmt::format("{} of {} clean file pages were unmapped but stayed in memory",
                                    left.cached, region_.pages()));
    if (kind_.file && kind_.dirty && left.cached > 0)
      worker.note(
          "reclaim does not write dirty file pages itself: they were unmapped, which is what costs the "
          "flushes, and left in the page cache for the flusher threads");
  }

  /// The measured window.
  os::Residency push_out(Worker& worker) {
    const os::Nanoseconds begin = os::now();
    if (::madvise(region_.data(), region_.size().count, MADV_PAGEOUT) != 0)
      throw os::SystemError("madvise(MADV_PAGEOUT)", "the region", errno, "it needs Linux 5.4 or later");
    const os::Nanoseconds end = os::now();
    const os::Residency left = census_->count(region_);
    worker.count(kReclaimTime, static_cast<std::uint64_t>((end - begin).count()));
    worker.count(kPagesGone, region_.pages() - left.present);
    worker.count_operations(region_.pages());
    return left;
  }

  void make_region() {
    census_.emplace();
    if (kind_.file) {
      file_ = make_unnamed_file(folder_, size_, seed_);
      region_ = os::Mapping::file(file_, size_, true, "the region's file");
      return;
    }
    region_ = os::Mapping::anonymous(size_);
    fill_random(region_.bytes(), seed_);
    // What comes back from swap and is only read is clean as long as its copy in swap is kept.
    if (!kind_.dirty && ::madvise(region_.data(), size_.count, MADV_PAGEOUT) != 0)
      throw os::SystemError("madvise(MADV_PAGEOUT)", "the region", errno, "it needs Linux 5.4 or later");
  }

  void dirty_all() {
    for (std::size_t i = 0; i < region_.pages(); ++i) {
      auto* const word = reinterpret_cast<volatile std::uint64_t*>(region_.page(i));
      *word = *word + 1;
    }
  }
  void read_all() const {
    for (std::size_t i = 0; i < region_.pages(); ++i)
      static_cast<void>(*reinterpret_cast<const volatile std::uint64_t*>(region_.page(i)));
  }

  /// Pages that went to swap so far, wherever it keeps them; machine-wide.
  static std::uint64_t swapped_out() {
    const std::string text = os::read_text("/proc/vmstat");
    std::uint64_t pages = 0;
    for (const char* const key : {"pswpout", "swpout_zero", "zswpout"})
      pages += os::to_number(os::find_value(text, key).value_or("")).value_or(0);
    return pages;
  }

  void check_swapped(Worker& worker, std::uint64_t written, std::size_t gone) const {
    if (kind_.dirty && written * 20 < gone * 19)
      worker.invalidate(fmt::format("only {} of {} dirty pages went to swap", written, gone));
    if (!kind_.dirty && written * 20 > gone)
      worker.invalidate(
          fmt::format("{} of {} clean pages were written to swap again: this swap gives up its copy when "
                      "a page is read (zram does); use --swap file:PATH:SIZE",
                      written, gone));
  }

  PageKind kind_;
  os::Bytes size_;
  std::int64_t rounds_;
  bool single_;
  std::filesystem::path folder_;
  std::uint64_t seed_;
  os::Fd file_;
  os::Mapping region_;
  std::optional<os::PageCensus> census_;  ///< of the leader's own mm
};

void resolve(Plan& plan, const machine::Machine& machine) {
  const os::Bytes region = plan.parameters.size("region");
  const std::string& text = plan.parameters.text("region");
  if (region < os::page_size() * 64 || region.count % os::page_size().count != 0)
    throw os::UsageError("--region", text, "not a whole number of pages, 64 or more",
                         "give 256K or more, such as 32M");
  if (region.count > machine.available.count / 2)
    throw os::UsageError("--region", text, "more than half of the available memory",
                         "give at most " + os::format_size(machine.available / 2));
  if (plan.memory && region.count > plan.memory->count / 4 * 3)
    throw os::UsageError("--region", text, "more than 3/4 of --memory: it would be reclaimed before its time",
                         "give a smaller region or a larger --memory");
  plan.working_set = {"region", region};
  if (!PageKind(plan.parameters.text("pages")).file)
    return require_swap(plan, machine, "pages", "region", region);
  if (plan.parameters.text("folder").empty()) plan.parameters.set("folder", data_folder(), false);
  check_data_folder("--folder", plan.parameters.text("folder"), region);
}

const trial::RegisteredWorkload registration{{
    .name = "pageout",
    .summary = "MADV_PAGEOUT of a region that all workers hold translations of (madvise -> reclaim_pages)",
    .operation = "one page offered to MADV_PAGEOUT",
    .primary = metric::kIpisPerPage,
    .pacing = trial::Pacing::rounds,
    .workers_spin = true,
    .parameters = {{.name = "pages",
                    .type = Type::choice,
                    .standard = "clean-file",
                    .help = "what the region is made of",
                    .choices = {{"clean-file", "pages of a file that were read"},
                                {"dirty-anon", "written memory: needs swap"},
                                {"dirty-file", "pages of a file that were written"},
                                {"clean-anon", "memory that swap has a copy of: needs swap"}}},
                   {.name = "region", .type = Type::size, .standard = "16M", .help = "bytes in the region"},
                   {.name = "rounds",
                    .type = Type::whole,
                    .standard = "5",
                    .help = "measured rounds in each trial",
                    .range = {1}},
                   {.name = "folios",
                    .type = Type::choice,
                    .standard = "single",
                    .help = "how a file's pages come back into memory",
                    .choices = {{"single", "a folio for each page"},
                                {"readahead",
                                 "as readahead makes them while all workers touch the region: in "
                                 "sizes that differ from round to round"}},
                    .likeness = trial::Likeness::told},
                   {.name = "folder",
                    .type = Type::folder,
                    .help = "where a file region's unnamed file goes",
                    .likeness = trial::Likeness::told}},
    .counters = {{trial::counter::kPagesGone, "pages", "pages that left the page table"},
                 {trial::counter::kReclaimTime, "ns", "time in madvise"}},
    .trials = 5,
    .warmup = "1ms",
    .duration = "",
    .resolve = &resolve,
    .make = [](const Plan& plan) -> std::unique_ptr<trial::Workload> {
      return std::make_unique<Pageout>(plan);
    },
}};

}  // namespace
}  // namespace tlbstorm::workloads

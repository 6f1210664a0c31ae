// SPDX-License-Identifier: Apache-2.0
// unmap-churn: the other sources of shootdowns. Each worker takes pages of its own region, in one mm with the
// others, out of the page table again and again: each call must flush every CPU that runs the mm
// (mm/madvise.c: madvise_dontneed_single_vma, mm/mmap.c: unmap_region, mm/mremap.c: move_page_tables,
// mm/migrate.c: try_to_migrate).
#include <fmt/format.h>
#include <numaif.h>
#include <sys/mman.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "harness/os/error.hpp"
#include "harness/os/mapping.hpp"
#include "harness/trial/worker.hpp"

namespace tlbstorm::workloads {
namespace {

using trial::Better;
using Type = trial::Option::Type;
using trial::Plan;
using trial::Worker;

enum CounterIndex : std::size_t { kPages };

void require(bool done, const char* call) {
  if (!done) throw os::SystemError(call, "a worker's pages", errno);
}

void touch(std::byte* at, std::size_t bytes) {
  for (std::size_t page = 0; page < bytes; page += os::page_size().count)
    *reinterpret_cast<volatile std::byte*>(at + page) = std::byte{1};
}

/// Goes round a region in steps of one call.
class Cursor {
 public:
  Cursor(const os::Mapping& memory, std::size_t step) : memory_(memory), step_(step) {}
  std::byte* next() {
    std::byte* const at = memory_.data() + offset_;
    offset_ = offset_ + 2 * step_ <= memory_.size().count ? offset_ + step_ : 0;
    return at;
  }

 private:
  const os::Mapping& memory_;
  std::size_t step_;
  std::size_t offset_ = 0;
};

class UnmapChurn final : public trial::Workload {
 public:
  explicit UnmapChurn(const Plan& plan)
      : op_(plan.parameters.text("op")),
        region_(plan.parameters.size("region")),
        pages_(static_cast<std::size_t>(plan.parameters.integer("pages-per-call"))),
        bytes_(pages_ * os::page_size().count) {
    if (op_ == "migrate") nodes_ = os::parse_list("--nodes", plan.parameters.text("nodes"));
  }

  void work(Worker& worker) override {
    if (op_ == "dontneed") advise(worker, MADV_DONTNEED);
    if (op_ == "free") advise(worker, MADV_FREE);
    if (op_ == "cold") advise(worker, MADV_COLD);
    if (op_ == "munmap") unmap(worker);
    if (op_ == "mremap") move(worker);
    if (op_ == "migrate") migrate(worker);
  }

 private:
  /// The measured loop. One operation is one call.
  template <typename TouchAndTake>
  void churn(Worker& worker, TouchAndTake touch_and_take) const {
    while (worker.running()) {
      touch_and_take();
      worker.count_operations();
      worker.count(kPages, pages_);
    }
  }

  void advise(Worker& worker, int advice) const {
    const os::Mapping memory = os::Mapping::anonymous(region_);
    Cursor cursor(memory, bytes_);
    churn(worker, [&] {
      std::byte* const at = cursor.next();
      touch(at, bytes_);
      require(::madvise(at, bytes_, advice) == 0, "madvise");
    });
  }

  /// Each hole is closed again, so that nothing else comes to lie in it.
  void unmap(Worker& worker) const {
    constexpr int kFlags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE;
    const os::Mapping memory = os::Mapping::anonymous(region_);
    Cursor cursor(memory, bytes_);
    churn(worker, [&] {
      std::byte* const at = cursor.next();
      touch(at, bytes_);
      require(::munmap(at, bytes_) == 0, "munmap");
      require(::mmap(at, bytes_, PROT_READ | PROT_WRITE, kFlags, -1, 0) == at, "mmap");
    });
  }

  /// To and fro between two places. MREMAP_DONTUNMAP (Linux 5.7) keeps the place that the pages leave.
  void move(Worker& worker) const {
    constexpr int kFlags = MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP;
    const os::Mapping here = os::Mapping::anonymous({bytes_});
    const os::Mapping there = os::Mapping::anonymous({bytes_});
    std::byte *from = here.data(), *to = there.data();
    churn(worker, [&] {
      touch(from, bytes_);
      require(::mremap(from, bytes_, bytes_, kFlags, to) == to, "mremap");
      std::swap(from, to);
    });
  }

  /// To and fro between two NUMA nodes.
  void migrate(Worker& worker) const {
    const os::Mapping memory = os::Mapping::anonymous({bytes_});
    std::vector<void*> pages;
    for (std::size_t i = 0; i < pages_; ++i) pages.push_back(memory.page(i));
    std::vector<int> status(pages_);
    std::array<std::vector<int>, 2> targets{std::vector<int>(pages_, nodes_[0]),
                                            std::vector<int>(pages_, nodes_[1])};
    std::size_t turn = 0;
    churn(worker, [&] {
      touch(memory.data(), bytes_);
      const std::vector<int>& target = targets[++turn % 2];
      require(::move_pages(0, pages_, pages.data(), target.data(), status.data(), MPOL_MF_MOVE) >= 0,
              "move_pages");
      if (status[0] != target[0]) worker.note("some pages could not be moved: pinned, or the node is full");
    });
  }

  std::string op_;
  os::Bytes region_;
  std::size_t pages_;
  std::size_t bytes_;
  std::vector<int> nodes_;
};

/// Also where --op needs none: a sweep of it may come to migrate.
void check_nodes(const std::string& text, const std::vector<int>& there) {
  const std::vector<int> nodes = os::parse_list("--nodes", text);
  const bool known = std::all_of(nodes.begin(), nodes.end(), [&](int node) {
    return std::find(there.begin(), there.end(), node) != there.end();
  });
  if (nodes.size() != 2 || !known)
    throw os::UsageError("--nodes", text, "not two nodes of this machine",
                         fmt::format("those with memory are {}", os::format_list(there)));
}

void resolve_nodes(Plan& plan, const std::vector<int>& there) {
  if (there.size() < 2)
    throw os::UsageError("--op", "migrate", "this machine has one NUMA node", "give another --op");
  if (!plan.parameters.given("nodes"))
    plan.parameters.set("nodes", fmt::format("{},{}", there[0], there[1]), false);
}

constexpr const char* kDrainNote =
    "move_pages waits for all CPUs to drain their lists (lru_cache_disable): workers sleep for most of the "
    "time, and a CPU that sleeps gets no IPI; --workers 1 --bystanders 1 measures the flush alone";
constexpr const char* kLockNote =
    "each call takes mmap_lock for writing: workers wait for each other, in part asleep, and a CPU that "
    "sleeps gets no IPI; --workers 1 --bystanders 1 measures the flush alone";

void resolve(Plan& plan, const machine::Machine& machine) {
  const std::int64_t pages = plan.parameters.integer("pages-per-call");
  const os::Bytes call = os::page_size() * static_cast<std::uint64_t>(pages);
  if (!plan.parameters.given("region") && call > plan.parameters.size("region"))
    plan.parameters.set("region", std::to_string(call.count), false);
  const os::Bytes region = plan.parameters.size("region");
  if (region < call || region.count % os::page_size().count != 0)
    throw os::UsageError("--region", plan.parameters.text("region"),
                         "not a whole number of pages, or less than one call takes",
                         "give a size such as 1M, or fewer --pages-per-call");
  if (region.count > machine.available.count / 2 / static_cast<std::uint64_t>(plan.workers))
    throw os::UsageError("--region", plan.parameters.text("region"),
                         "the workers' regions take more than half of the available memory",
                         "give a smaller region");
  plan.working_set = {"region", region * static_cast<std::uint64_t>(plan.workers)};
  const std::string& op = plan.parameters.text("op");
  const std::vector<int>& there = machine.topology.memory_nodes;
  if (plan.parameters.given("nodes")) check_nodes(plan.parameters.text("nodes"), there);
  if (op == "migrate") resolve_nodes(plan, there);
  if (op != "munmap" && op != "mremap" && op != "migrate") return;
  plan.workers_spin = false;
  if (plan.workers > 1) plan.notes.push_back(op == "migrate" ? kDrainNote : kLockNote);
}

const trial::RegisteredWorkload registration{{
    .name = "unmap-churn",
    .summary =
        "pages taken out of the page table by the other ways: munmap, MADV_DONTNEED, mremap, migration",
    .operation = "one call that takes --pages-per-call touched pages away",
    .primary = "ipis_per_page_taken",
    .workers_spin = true,
    .reclaims = false,
    .parameters = {{.name = "op",
                    .type = Type::choice,
                    .standard = "dontneed",
                    .help = "how pages are taken away",
                    .choices = {{"munmap"},
                                {"dontneed", "MADV_DONTNEED"},
                                {"free", "MADV_FREE"},
                                {"mremap"},
                                {"cold", "MADV_COLD"},
                                {"migrate", "between two NUMA nodes"}}},
                   {.name = "pages-per-call",
                    .type = Type::whole,
                    .standard = "1",
                    .help = "pages that one call takes",
                    .range = {1},
                    .unit = "pages"},
                   {.name = "region",
                    .type = Type::worker_size,
                    .standard = "1M",
                    .help = "bytes that each worker goes round"},
                   {.name = "nodes",
                    .type = Type::cpus,
                    .help = "the two nodes of migrate; default the first two"}},
    .counters = {{"pages", "pages", "pages taken away"}},
    .figures = {{"ipis_per_page_taken",
                 "IPIs/page",
                 Better::lower,
                 "TLB-shootdown handlers run for each page taken away",
                 {column::kTlbInterrupts},
                 {column::of_workload("pages")}},
                {"ns_per_call",
                 "ns/call",
                 Better::lower,
                 "a worker's time for each call, with touching the pages again",
                 {"worker_seconds"},
                 {column::kOperations},
                 1e9}},
    .resolve = &resolve,
    .make = [](const Plan& plan) -> std::unique_ptr<trial::Workload> {
      return std::make_unique<UnmapChurn>(plan);
    },
}};

}  // namespace
}  // namespace tlbstorm::workloads

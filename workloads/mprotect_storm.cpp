// SPDX-License-Identifier: Apache-2.0
// mprotect-storm: a database that guards its buffers. Workers take rights from pages of their part of a
// shared region and give them back; each taking must flush all CPUs that run the mm, under its mmap_lock
// (mm/mprotect.c: do_mprotect_pkey -> change_protection -> flush_tlb_range). The case of "SAP on Xen: less
// than 10% of native throughput with 8 CPUs" (2006).
#include <fmt/format.h>
#include <sys/mman.h>

#include <cerrno>

#include "harness/os/error.hpp"
#include "harness/os/mapping.hpp"
#include "harness/trial/worker.hpp"
#include "workloads/data_file.hpp"

namespace tlbstorm::workloads {
namespace {

using trial::Better;
using Type = trial::Option::Type;
using trial::Plan;
using trial::Worker;

enum CounterIndex : std::size_t { kPages };

/// What a cycle takes away and what it gives back.
struct Cycle {
  int less;
  int back = PROT_READ | PROT_WRITE;
};

Cycle cycle_named(const std::string& text) {
  if (text == "none-rw") return {PROT_NONE};
  if (text == "exec") return {PROT_READ | PROT_EXEC};
  return {PROT_READ};
}

class MprotectStorm final : public trial::Workload {
 public:
  explicit MprotectStorm(const Plan& plan)
      : kind_(plan.parameters.text("memory-kind")),
        part_(plan.parameters.size("region")),
        whole_(part_ * static_cast<std::uint64_t>(plan.workers)),
        folder_(plan.parameters.text("folder")),
        seed_(plan.seed),
        cycle_(cycle_named(plan.parameters.text("cycle"))),
        bytes_(static_cast<std::size_t>(plan.parameters.integer("pages-per-call")) * os::page_size().count),
        stride_(static_cast<std::size_t>(plan.parameters.integer("stride")) * os::page_size().count),
        readers_(static_cast<int>(plan.parameters.integer("readers"))) {}

  void prepare() override {
    memory_ = kind_ == "memfd"  ? os::Mapping::memfd(whole_)
              : kind_ == "sysv" ? os::Mapping::sysv(whole_)
              : kind_ == "file" ? os::Mapping::file(make_unnamed_file(folder_, whole_, seed_), whole_, true,
                                                    "the region's file")
                                : os::Mapping::anonymous(whole_);
  }

  void work(Worker& worker) override {
    if (worker.index() >= worker.count() - readers_) return read_all(worker);
    flip(worker, memory_.data() + part_.count * static_cast<std::size_t>(worker.index()));
  }

 private:
  /// The measured loop. One operation takes the rights away and gives them back; the writes make the
  /// translations that the next taking has to flush.
  void flip(Worker& worker, std::byte* const part) const {
    const std::size_t page = os::page_size().count;
    std::size_t offset = 0;
    while (worker.running()) {
      std::byte* const at = part + offset;
      for (std::size_t i = 0; i < bytes_; i += page)
        *reinterpret_cast<volatile std::byte*>(at + i) = std::byte{1};
      protect(at, cycle_.less);
      protect(at, cycle_.back);
      worker.count_operations();
      worker.count(kPages, bytes_ / page);
      offset = offset + stride_ + bytes_ <= part_.count ? offset + stride_ : 0;
    }
  }

  /// Holds translations of the whole region, and does nothing that counts.
  void read_all(Worker& worker) const {
    std::size_t page = 0;
    while (worker.running()) {
      static_cast<void>(*reinterpret_cast<const volatile std::byte*>(memory_.page(page)));
      page = page + 1 < memory_.pages() ? page + 1 : 0;
    }
  }

  void protect(std::byte* at, int rights) const {
    if (::mprotect(at, bytes_, rights) != 0) throw os::SystemError("mprotect", "a worker's pages", errno);
  }

  std::string kind_;
  os::Bytes part_;
  os::Bytes whole_;
  std::filesystem::path folder_;
  std::uint64_t seed_;
  Cycle cycle_;
  std::size_t bytes_;
  std::size_t stride_;
  int readers_;
  os::Mapping memory_;
};

void resolve_steps(Plan& plan) {
  trial::Parameters& parameters = plan.parameters;
  const std::int64_t pages = parameters.integer("pages-per-call");
  if (!parameters.given("stride")) parameters.set("stride", std::to_string(pages), false);
  const os::Bytes region = parameters.size("region");
  const os::Bytes call = os::page_size() * static_cast<std::uint64_t>(pages);
  if (region < call || region.count % os::page_size().count != 0)
    throw os::UsageError("--region", parameters.text("region"),
                         "not a whole number of pages, or less than one call takes",
                         "give a size such as 4M, or fewer --pages-per-call");
}

void resolve_readers(Plan& plan) {
  const std::int64_t readers = plan.parameters.integer("readers");
  if (readers >= plan.workers)
    throw os::UsageError("--readers", std::to_string(readers),
                         fmt::format("of {} workers none is left that flips", plan.workers),
                         "give fewer readers or more --workers");
  if (readers > 0 && plan.parameters.text("cycle") == "none-rw")
    throw os::UsageError("--readers", std::to_string(readers), "would read pages without any rights",
                         "use --cycle ro-rw or exec");
  plan.onlookers = static_cast<int>(readers);
}

void resolve(Plan& plan, const machine::Machine& machine) {
  resolve_steps(plan);
  resolve_readers(plan);
  const os::Bytes whole = plan.parameters.size("region") * static_cast<std::uint64_t>(plan.workers);
  if (whole.count > machine.available.count / 2 || (plan.memory && whole.count > plan.memory->count / 2))
    throw os::UsageError(
        "--region", plan.parameters.text("region"),
        fmt::format("{} for all workers: more than half of the memory", os::format_size(whole)),
        "give a smaller region; nothing is to be reclaimed here");
  plan.working_set = {"region", whole};
  if (plan.parameters.text("memory-kind") != "file") return;
  if (plan.parameters.text("folder").empty()) plan.parameters.set("folder", data_folder(), false);
  check_data_folder("--folder", plan.parameters.text("folder"), whole);
}

const trial::RegisteredWorkload registration{{
    .name = "mprotect-storm",
    .summary = "threads of a database guard their pages: mprotect of a shared region (change_protection)",
    .operation = "rights taken from --pages-per-call written pages and given back: two calls",
    .primary = metric::kIpisPerOperation,
    .reclaims = false,
    .parameters = {{.name = "memory-kind",
                    .type = Type::choice,
                    .standard = "anon",
                    .help = "what the region is made of",
                    .choices = {{"anon", "anonymous memory"},
                                {"memfd", "an unnamed file in memory"},
                                {"sysv", "a System V segment"},
                                {"file", "an unnamed file on a disk"}}},
                   {.name = "region",
                    .type = Type::worker_size,
                    .standard = "4M",
                    .help = "bytes of each worker's part"},
                   {.name = "pages-per-call",
                    .type = Type::whole,
                    .standard = "1",
                    .help = "pages that one call is for",
                    .range = {1},
                    .unit = "pages"},
                   {.name = "stride",
                    .type = Type::whole,
                    .help = "from one call to the next; default --pages-per-call",
                    .range = {1},
                    .unit = "pages"},
                   {.name = "cycle",
                    .type = Type::choice,
                    .standard = "ro-rw",
                    .help = "what is taken, and given back",
                    .choices = {{"ro-rw", "the right to write"},
                                {"none-rw", "all rights"},
                                {"exec", "to write, for the right to execute"}}},
                   {.name = "readers",
                    .type = Type::whole,
                    .standard = "0",
                    .help = "how many of the workers only read the whole region, and so hold translations"},
                   {.name = "folder",
                    .type = Type::folder,
                    .help = "where a file region's unnamed file goes",
                    .likeness = trial::Likeness::told}},
    .counters = {{"pages", "pages", "pages whose rights were taken and given back"}},
    .figures = {{"ns_per_cycle",
                 "ns/op",
                 Better::lower,
                 "a worker's time for taking rights away and giving them back",
                 {"worker_seconds"},
                 {column::kOperations},
                 1e9}},
    .resolve = &resolve,
    .make = [](const Plan& plan) -> std::unique_ptr<trial::Workload> {
      return std::make_unique<MprotectStorm>(plan);
    },
}};

}  // namespace
}  // namespace tlbstorm::workloads

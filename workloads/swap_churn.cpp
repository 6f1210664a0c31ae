// SPDX-License-Identifier: Apache-2.0
// swap-churn: the pmbench job. A working set larger than its memory limit, visited at random, so that pages
// go out to swap and come back (mm/vmscan.c: shrink_folio_list -> pageout, mm/memory.c: do_swap_page). Each
// access is timed, and kept apart by what it met; each page that comes back is verified, and in the end all
// of them.
#include <fmt/format.h>
#include <linux/capability.h>
#include <sys/mman.h>

#include "harness/os/mapping.hpp"
#include "harness/trial/access_timer.hpp"
#include "workloads/page_check.hpp"
#include "workloads/page_queue.hpp"
#include "workloads/page_seal.hpp"
#include "workloads/swap_need.hpp"

namespace tlbstorm::workloads {
namespace {

using trial::Access;
using trial::Better;
using trial::Met;
using Type = trial::Option::Type;
using trial::Parameters;
using trial::Plan;
using trial::Worker;

enum CounterIndex : std::size_t { kReads, kWrites, kVerified };

PageContent content_of(const Plan& plan) {
  return {plan.seed, plan.parameters.number("compress-ratio"), plan.parameters.number("zero-pages"),
          new_owner()};
}

/// One worker's part of the working set: its pages and the versions that they should be in.
class Part {
 public:
  Part(const os::Mapping& memory, PageRange range, const PageSealer& sealer)
      : memory_(memory),
        range_(range),
        sealer_(sealer),
        versions_(os::Mapping::anonymous({range.count * sizeof(std::uint32_t)})) {
    // Without the right to lock they may be swapped, too: slower, and still right.
    static_cast<void>(::mlock(versions_.data(), versions_.size().count));
  }

  void fill() {
    for (std::uint64_t i = 0; i < range_.count; ++i)
      sealer_.fill(page(range_.first + i), address(range_.first + i));
  }
  std::byte* page(std::uint64_t index) const { return memory_.page(index); }
  bool owns(std::uint64_t index) const {
    return index >= range_.first && index < range_.first + range_.count;
  }
  const PageRange& range() const { return range_; }

  /// A page that was just written is another version from now on.
  void renew(std::uint64_t index) const {
    if (sealer_.is_zero(address(index))) return;
    sealer_.set_version(page(index), version(index), version(index) + 1);
    ++version(index);
  }
  void verify(Worker& worker, std::uint64_t index) const {
    if (check_page(worker, sealer_, "the working set", page(index), address(index), version(index)))
      worker.count(kVerified, 1);
    else  // counted once
      sealer_.fill(page(index), address(index), version(index));
  }
  /// Every page, as swap gives it back: what is still in memory is pushed out first, as well as this kernel
  /// can.
  void verify_all(Worker& worker) const {
    static_cast<void>(::madvise(page(range_.first), range_.count * os::page_size().count, MADV_PAGEOUT));
    for (std::uint64_t i = 0; i < range_.count && !worker.stopped(); ++i) verify(worker, range_.first + i);
  }

 private:
  static std::uint64_t address(std::uint64_t index) { return index * os::page_size().count; }
  std::uint32_t& version(std::uint64_t index) const {
    return reinterpret_cast<std::uint32_t*>(versions_.data())[index - range_.first];
  }

  const os::Mapping& memory_;
  PageRange range_;
  const PageSealer& sealer_;
  os::Mapping versions_;
};

class SwapChurn final : public trial::Workload {
 public:
  explicit SwapChurn(const Plan& plan)
      : parameters_(plan.parameters),
        sealer_(content_of(plan), os::page_size().count),
        delay_(plan.parameters.duration("delay")),
        verify_(plan.parameters.text("verify")),
        parts_(static_cast<std::size_t>(plan.workers)) {}

  void prepare() override { memory_ = os::Mapping::anonymous(parameters_.size("size")); }

  void set_up(Worker& worker) override {
    auto& part = parts_[static_cast<std::size_t>(worker.index())];
    part.emplace(memory_, part_of(memory_.pages(), worker.index(), worker.count()), sealer_);
    part->fill();
    if (const std::string& text = parameters_.text("corrupt-page"); !text.empty()) {
      const auto page = static_cast<std::uint64_t>(parameters_.integer("corrupt-page"));
      if (part->owns(page)) part->page(page)[os::page_size().count / 2 + 100] ^= std::byte{0x10};
    }
  }

  void work(Worker& worker) override {
    const Part& part = *parts_[static_cast<std::size_t>(worker.index())];
    PageQueue queue(parameters_.text("access"), part.range(), 1 - parameters_.number("read-ratio"),
                    worker.seed());
    churn(worker, part, queue);
    if (verify_ == "all") part.verify_all(worker);
  }

 private:
  /// The measured loop. One operation is one access to one page.
  void churn(Worker& worker, const Part& part, PageQueue& queue) const {
    trial::AccessTimer timer(worker);
    while (worker.running()) {
      if (queue.empty()) {
        queue.refill();
        timer.restart();
      }
      const PageQueue::Visit visit = queue.next();
      visit.write ? write(worker, part, visit.page, timer) : read(worker, part, visit.page, timer);
      worker.count_operations();
      if (delay_ > os::Nanoseconds{0}) idle(timer);
    }
  }

  void read(Worker& worker, const Part& part, std::uint64_t page, trial::AccessTimer& timer) const {
    static_cast<void>(*static_cast<volatile std::byte*>(part.page(page)));
    const Met met = timer.ended(Access::read);
    worker.count(kReads, 1);
    if (met == Met::hit || verify_ == "none") return;
    part.verify(worker, page);
    timer.restart();
  }

  void write(Worker& worker, const Part& part, std::uint64_t page, trial::AccessTimer& timer) const {
    std::byte* const data = part.page(page);
    timer.restart();
    *static_cast<volatile std::byte*>(data) = PageSealer::kFirstByte;
    const Met met = timer.ended(Access::write);
    worker.count(kWrites, 1);
    // Verified before it is renewed: as it came back.
    if (met != Met::hit && verify_ != "none") part.verify(worker, page);
    part.renew(page);
    timer.restart();
  }

  void idle(trial::AccessTimer& timer) const {
    for (const os::Nanoseconds until = os::now() + delay_; os::now() < until;) trial::relax();
    timer.restart();
  }

  const Parameters& parameters_;
  PageSealer sealer_;
  os::Nanoseconds delay_;
  std::string verify_;
  os::Mapping memory_;
  std::vector<std::optional<Part>> parts_;
};

/// Shares of memory in DRAM as in "Utilizing Linux Swap with Intel Optane DC SSDs", 340608-001US, 2019.
double share_of(const std::string& name) { return name == "gold" ? 1.0 : name == "silver" ? 0.5 : 0.25; }

os::Bytes whole_pages(double bytes) {
  return {static_cast<std::uint64_t>(bytes) / os::page_size().count * os::page_size().count};
}

/// --class: the limit holds the share of the working set and what processes need beside it.
void resolve_class(Plan& plan, const machine::Machine& machine, const std::string& name) {
  const double share = share_of(name);
  if (plan.memory && plan.parameters.given("size"))
    throw os::UsageError("--class", name, "says how --size and --memory relate, and both are given",
                         "leave one of the three out");
  if (plan.parameters.given("size"))
    require_limit(plan, machine,
                  whole_pages(static_cast<double>(plan.parameters.size("size").count) * share) + slack(plan));
  require_limit(plan, machine, standard_limit(plan));
  if (*plan.memory < slack(plan) * 2)
    throw os::UsageError("--memory", os::format_size(*plan.memory), "too little for any working set",
                         "give " + os::format_size(slack(plan) * 2) + " or more");
  if (!plan.parameters.given("size"))
    plan.parameters.set(
        "size",
        std::to_string(
            whole_pages(static_cast<double>(plan.memory->count - slack(plan).count) / share).count),
        false);
  if (name == "gold") plan.reclaims = false;
}

/// --overcommit: the working set is that many times the limit.
void resolve_overcommit(Plan& plan, const machine::Machine& machine) {
  const double times = plan.parameters.number("overcommit");
  if (plan.parameters.given("size"))
    require_limit(plan, machine,
                  whole_pages(static_cast<double>(plan.parameters.size("size").count) / times));
  require_limit(plan, machine, standard_limit(plan));
  if (!plan.parameters.given("size"))
    plan.parameters.set(
        "size", std::to_string(whole_pages(static_cast<double>(plan.memory->count) * times).count), false);
}

void resolve(Plan& plan, const machine::Machine& machine) {
  const Parameters& parameters = plan.parameters;
  check_access("--access", parameters.text("access"));
  const std::string& name = parameters.text("class");
  name == "none" ? resolve_overcommit(plan, machine) : resolve_class(plan, machine, name);
  const os::Bytes size = parameters.size("size");
  const std::uint64_t pages = size.count / os::page_size().count;
  if (pages < 64 * static_cast<std::uint64_t>(plan.workers))
    throw os::UsageError("--size", parameters.text("size"), "less than 64 pages for each worker",
                         "give a larger --size or fewer --workers");
  if (const std::string& page = parameters.text("corrupt-page");
      !page.empty() && parameters.integer("corrupt-page") >= static_cast<std::int64_t>(pages))
    throw os::UsageError("--corrupt-page", page, fmt::format("the working set has {} pages", pages),
                         "give a smaller number");
  if (size + slack(plan) > *plan.memory)
    require_swap(plan, machine, name == "none" ? "overcommit" : "class", "size", size);
  plan.working_set = {"size", size};
  plan.zero_pages_meant = parameters.number("zero-pages") > 0;
  constexpr std::uint64_t kSlowDisk = 20 << 20;  // bytes a second; filled, churned, pushed out and verified
  plan.timeout += std::chrono::seconds{4 * size.count / kSlowDisk};
}

const trial::RegisteredWorkload registration{{
    .name = "swap-churn",
    .summary = "a working set larger than its limit: pages go out to swap and come back (do_swap_page)",
    .operation = "one access to one page",
    .primary = metric::kIpisPerPage,
    .swaps = true,
    .times_accesses = true,
    .parameters =
        {{.name = "size",
          .type = Type::size,
          .standard = "0",
          .help = "bytes in the working set; default --overcommit times --memory"},
         {.name = "overcommit",
          .type = Type::number,
          .standard = "2",
          .help = "the working set as a multiple of --memory",
          .range = {1, 1000}},
         {.name = "class",
          .type = Type::choice,
          .standard = "none",
          .help = "in place of --overcommit: the share of the working set in memory",
          .choices = {{"none"}, {"gold", "100%"}, {"silver", "50%"}, {"bronze", "25%"}}},
         {.name = "access",
          .type = Type::choice,
          .standard = "uniform",
          .help = "which page comes next, in each worker's own part of the working set",
          .choices = {{"uniform"}, {"sequential"}, {"zipf:THETA"}, {"normal:SIGMA"}, {"stride:PAGES"}}},
         {.name = "read-ratio",
          .type = Type::ratio,
          .standard = "0.5",
          .help = "share of the accesses that only read"},
         {.name = "delay",
          .type = Type::duration,
          .standard = "0",
          .help = "time that a worker computes between two accesses, such as 1us"},
         {.name = "compress-ratio",
          .type = Type::number,
          .standard = "1",
          .help = "how well pages compress, about; 1: not at all",
          .range = {1, 1000}},
         {.name = "zero-pages",
          .type = Type::ratio,
          .standard = "0",
          .help = "share of the pages that are all zero"},
         {.name = "verify",
          .type = Type::choice,
          .standard = "all",
          .help = "which pages are checked",
          .choices = {{"all", "those that come back, and every one at the end"},
                      {"returned", "those that come back"},
                      {"none"}}},
         {.name = "corrupt-page",
          .type = Type::whole,
          .help = "flips one bit of this page behind the back of the check, to see that it is caught"}},
    .counters = {{"reads", "accesses", "accesses that only read"},
                 {"writes", "accesses", "accesses that wrote"},
                 {trial::counter::kVerified, "pages", "pages checked whole and found right"}},
    .figures = {{"pages_verified",
                 "pages/s",
                 Better::neither,
                 "pages per second that were checked whole as they came back, and found right",
                 {column::of_workload(trial::counter::kVerified)},
                 {"seconds"}},
                {"ipis_per_page_swapped_out",
                 "IPIs/page",
                 Better::lower,
                 "TLB-shootdown handlers run for each page written to swap",
                 {column::kTlbInterrupts},
                 {column::kSwappedOut}}},
    .capabilities = {CAP_IPC_LOCK},  // its table of versions stays in memory
    .resolve = &resolve,
    .make = [](const Plan& plan) -> std::unique_ptr<trial::Workload> {
      return std::make_unique<SwapChurn>(plan);
    },
}};

}  // namespace
}  // namespace tlbstorm::workloads

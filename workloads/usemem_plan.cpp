// SPDX-License-Identifier: Apache-2.0
#include "workloads/usemem_plan.hpp"

#include <fmt/format.h>

#include "harness/os/error.hpp"
#include "harness/os/mapping.hpp"
#include "workloads/data_file.hpp"
#include "workloads/swap_need.hpp"

namespace tlbstorm::workloads {
namespace {

using trial::Parameters;
using trial::Plan;

/// Bytes that all workers take together.
os::Bytes total(const Plan& plan) {
  return plan.parameters.size("size") * static_cast<std::uint64_t>(plan.workers);
}

void resolve_pattern(const Plan& plan) {
  const Parameters& parameters = plan.parameters;
  const std::uint64_t chunk = chunk_size(plan).count;
  const std::uint64_t step = parameters.size("step").count, unit = parameters.size("unit").count;
  if (chunk == 0)
    throw os::UsageError(
        "--size", parameters.text("size"),
        fmt::format("{} chunks of it are less than a page each", parameters.integer("chunks")),
        "give a larger size, or fewer --chunks");
  if (step % 8 != 0 || step == 0 || step > chunk)
    throw os::UsageError("--step", parameters.text("step"), "not a multiple of 8 bytes within a chunk",
                         "give 8, 64, 4K or more");
  if (unit % 8 != 0 || unit == 0 || unit > step)
    throw os::UsageError("--unit", parameters.text("unit"), "not a multiple of 8 bytes up to --step",
                         "give 8, or a larger --step");
  if (parameters.text("source") == "hugetlb")
    for (const char* const option : {"punch-holes", "pageout", "two-phase"})
      if (parameters.flag(option))
        throw os::UsageError(std::string("--") + option, "true", "pages of the pool can't be reclaimed",
                             "give another --source than hugetlb");
  if (parameters.text("lock") == "none") return;
  for (const char* const option : {"punch-holes", "pageout", "two-phase"})
    if (parameters.flag(option))
      throw os::UsageError(std::string("--") + option, "true",
                           "locked pages can be neither given back nor pushed out", "leave out --lock");
}

/// Whatever is taken must fit somewhere: under the limit, in swap, or it is meant to fail.
void resolve_room(Plan& plan, const machine::Machine& machine) {
  const os::Bytes all = total(plan);
  const os::Bytes room = plan.memory.value_or(machine.available);
  const bool locks = plan.parameters.text("lock") != "none";
  if (!plan.memory && all.count > machine.available.count / 2)
    throw os::UsageError(
        "--size", plan.parameters.text("size"),
        fmt::format("{} for all workers: more than half of the available memory", os::format_size(all)),
        "give a smaller size, or a limit with --memory");
  const bool of_files = plan.parameters.text("source") == "file",
             of_pool = plan.parameters.text("source") == "hugetlb";
  // Pages of files go where they came from, unless they are locked; those of the pool are taken already.
  const bool goes = of_files && !locks;
  plan.working_set = {"size", goes || of_pool ? os::Bytes{} : all, locks};
  plan.reclaims = all + slack(plan) > room && plan.parameters.text("source") != "hugetlb";
  plan.swaps = plan.parameters.text("source") != "file";
  const std::string& source = plan.parameters.text("source");
  for (const char* const option : {"pageout", "two-phase"})
    if (plan.parameters.flag(option) && source != "file") require_swap(plan, machine, option, "size", all);
  const bool too_much = all > room + free_swap(plan, machine) || (locks && all > room);
  if (too_much && plan.expect == trial::Outcome::ok)
    plan.notes.push_back(
        fmt::format("{} are to be taken where {} fit: the kernel will kill the workers, which "
                    "--expect oom calls a success",
                    os::format_size(all), os::format_size(locks ? room : room + free_swap(plan, machine))));
}

/// All rounds' together, which may be longer than any run.
void add_time_to_hold(Plan& plan) {
  constexpr os::Nanoseconds kLongest = std::chrono::hours{366 * 24};
  const os::Nanoseconds hold = plan.parameters.duration("hold");
  const std::int64_t rounds = plan.parameters.integer("rounds");
  if (hold > kLongest / rounds)
    throw os::UsageError("--hold", plan.parameters.text("hold"),
                         fmt::format("longer than a year in {} rounds", rounds),
                         "give a shorter time, or fewer --rounds");
  plan.timeout += hold * rounds;
}

}  // namespace

os::Bytes chunk_size(const Plan& plan) {
  const auto chunks = static_cast<std::uint64_t>(plan.parameters.integer("chunks"));
  return os::page_size() * (plan.parameters.size("size").count / chunks / os::page_size().count);
}

void resolve_usemem(Plan& plan, const machine::Machine& machine) {
  resolve_pattern(plan);
  add_time_to_hold(plan);
  if (plan.memory) require_limit(plan, machine, *plan.memory);
  resolve_room(plan, machine);
  if (plan.parameters.text("source") != "file") return;
  if (plan.parameters.text("folder").empty()) plan.parameters.set("folder", data_folder(), false);
  check_data_folder("--folder", plan.parameters.text("folder"), total(plan));
}

}  // namespace tlbstorm::workloads

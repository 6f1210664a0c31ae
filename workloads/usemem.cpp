// SPDX-License-Identifier: Apache-2.0
// usemem: takes memory in chunks, locks it if asked, touches it, holds it, gives it back; each step timed on
// its own. With mlockall(MCL_FUTURE) in a limit that is too small it is the case of the zcache thread of
// 2010: an OOM kill while swap is free, as locked pages can't go there (mm/oom_kill.c). What vm-scalability's
// usemem can.
#include <fmt/format.h>
#include <sys/mman.h>

#include <cerrno>
#include <vector>

#include "harness/os/error.hpp"
#include "harness/os/mapping.hpp"
#include "harness/trial/worker.hpp"
#include "workloads/chunk.hpp"
#include "workloads/data_file.hpp"
#include "workloads/swap_need.hpp"
#include "workloads/touch.hpp"

namespace tlbstorm::workloads {
namespace {

using trial::Better;
using trial::Parameter;
using trial::Parameters;
using trial::Plan;
using trial::Worker;

enum CounterIndex : std::size_t {
  kTouched,
  kTouchTime,
  kLocked,
  kLockTime,
  kPushedOut,
  kPushTime,
  kReadBack,
  kReadBackTime,
  kTaken,
  kFreed,
  kFreeTime
};

/// Adds the time that `body` takes to one of the worker's counters.
template <typename Body>
void timed(Worker& worker, CounterIndex counter, Body body) {
  const os::Nanoseconds begin = os::now();
  body();
  worker.count(counter, static_cast<std::uint64_t>((os::now() - begin).count()));
}

/// Whole pages, so that a little less than --size may be taken.
os::Bytes chunk_size(const Plan& plan) {
  const auto chunks = static_cast<std::uint64_t>(plan.parameters.integer("chunks"));
  return os::page_size() * (plan.parameters.size("size").count / chunks / os::page_size().count);
}

class UseMem final : public trial::Workload {
 public:
  explicit UseMem(const Plan& plan)
      : parameters_(plan.parameters),
        source_(plan.parameters.text("source")),
        lock_(plan.parameters.text("lock")),
        chunk_(chunk_size(plan)),
        pattern_{plan.parameters.size("step").count, plan.parameters.size("unit").count,
                 plan.parameters.text("access") == "random",
                 os::parse_duration("--delay", plan.parameters.text("delay"))},
        hold_(os::parse_duration("--hold", plan.parameters.text("hold"))),
        chunks_(static_cast<std::size_t>(plan.workers)) {}

  void prepare() override {
    if (parameters_.flag("prealloc"))
      for (auto& chunks : chunks_) allocate_all(chunks);
  }

  void work(Worker& worker) override {
    Random random(worker.seed());
    std::vector<Chunk>& chunks = chunks_[static_cast<std::size_t>(worker.index())];
    chunks.reserve(static_cast<std::size_t>(parameters_.integer("chunks")));
    while (worker.next_round(parameters_.integer("repeat"))) {
      worker.measure_together([&] {
        if (lock_ == "mlockall") lock_everything();
        take(worker, chunks, random);
        for (std::int64_t pass = 1; pass < parameters_.integer("write-passes"); ++pass)
          write_all(worker, chunks, random);
        for (std::int64_t pass = 0; pass < parameters_.integer("read-passes"); ++pass)
          read_all(worker, chunks, random, kTouchTime);
        for (const Chunk& chunk : chunks) {
          if (parameters_.flag("punch-holes")) chunk.give_holes_back();
          if (parameters_.flag("msync")) chunk.write_back();
        }
        if (parameters_.flag("pageout") || parameters_.flag("two-phase")) push_out(worker, chunks);
        if (parameters_.flag("two-phase")) read_all(worker, chunks, random, kReadBackTime);
        hold(worker);
        give_back(worker, chunks);
      });
      if (lock_ == "mlockall") ::munlockall();  // of the whole mm: not before all workers are done
    }
  }

 private:
  /// What is to come; and what is there already, if it was mapped ahead.
  void lock_everything() const {
    const int what = parameters_.flag("prealloc") ? MCL_CURRENT | MCL_FUTURE : MCL_FUTURE;
    if (::mlockall(what) != 0)
      throw os::SystemError("mlockall", "the workers", errno, "run as root, or raise the limit (ulimit -l)");
  }

  Chunk allocate() const { return {source_, chunk_, parameters_.text("folder")}; }
  void allocate_all(std::vector<Chunk>& chunks) const {
    while (chunks.size() < static_cast<std::size_t>(parameters_.integer("chunks")))
      chunks.push_back(allocate());
  }

  /// Chunk by chunk: so that what is locked grows in steps, and with it what the kernel can't reclaim.
  void take(Worker& worker, std::vector<Chunk>& chunks, Random& random) const {
    const bool taken_before = !chunks.empty();
    for (std::int64_t i = 0; i < parameters_.integer("chunks"); ++i) {
      if (!taken_before) timed(worker, kLockTime, [&] { chunks.push_back(allocate()); });
      const Chunk& chunk = chunks[static_cast<std::size_t>(i)];
      prepare_pages(worker, chunk);
      if (parameters_.integer("write-passes") > 0) write(worker, chunk, random);
      if (lock_ == "onfault") worker.count(kLocked, chunk.size().count);
      worker.count_operations();
    }
  }

  void prepare_pages(Worker& worker, const Chunk& chunk) const {
    if (parameters_.flag("thp")) chunk.use_huge_pages();
    timed(worker, kLockTime, [&] {
      if (lock_ == "mlock") chunk.lock();
      if (lock_ == "onfault") chunk.lock_on_fault();
    });
    worker.count(kTaken, chunk.size().count);
    if (lock_ == "mlockall" || lock_ == "mlock") worker.count(kLocked, chunk.size().count);
    if (parameters_.flag("populate")) chunk.populate();
  }

  void write(Worker& worker, const Chunk& chunk, Random& random) const {
    timed(worker, kTouchTime, [&] { write_marks(chunk.bytes(), pattern_, random); });
    worker.count(kTouched, pattern_.touches(chunk.bytes()) * pattern_.step);
  }
  void write_all(Worker& worker, const std::vector<Chunk>& chunks, Random& random) const {
    for (const Chunk& chunk : chunks) write(worker, chunk, random);
  }

  void read_all(Worker& worker, const std::vector<Chunk>& chunks, Random& random, CounterIndex time) const {
    // At random not every place was written, and holes were given back: then there is nothing to compare
    // with.
    const bool check =
        parameters_.integer("write-passes") > 0 && !pattern_.random && !parameters_.flag("punch-holes");
    for (const Chunk& chunk : chunks) {
      std::size_t wrong = 0;
      timed(worker, time, [&] { wrong = read_marks(chunk.bytes(), pattern_, random); });
      worker.count(time == kTouchTime ? kTouched : kReadBack,
                   pattern_.touches(chunk.bytes()) * pattern_.step);
      if (check && wrong > 0)
        throw os::Error(
            fmt::format("{} of {} words are not what was written", wrong, pattern_.touches(chunk.bytes())));
    }
  }

  static void push_out(Worker& worker, const std::vector<Chunk>& chunks) {
    for (const Chunk& chunk : chunks)
      timed(worker, kPushTime, [&] { worker.count(kPushedOut, chunk.push_out()); });
  }

  void hold(Worker& worker) const {
    constexpr os::Nanoseconds kNap = std::chrono::milliseconds{10};
    for (const os::Nanoseconds until = os::now() + hold_; os::now() < until && !worker.stopped();) {
      const timespec nap = os::to_timespec(std::min(kNap, hold_));
      ::nanosleep(&nap, nullptr);
    }
  }

  void give_back(Worker& worker, std::vector<Chunk>& chunks) const {
    for (const Chunk& chunk : chunks) {
      if (lock_ != "none") worker.count(kLocked, std::uint64_t{0} - chunk.size().count);
      worker.count(kFreed, chunk.size().count);
    }
    timed(worker, kFreeTime, [&] { chunks.clear(); });
    if (parameters_.flag("prealloc")) allocate_all(chunks);
  }

  const Parameters& parameters_;
  std::string source_;
  std::string lock_;
  os::Bytes chunk_;
  TouchPattern pattern_;
  os::Nanoseconds hold_;
  std::vector<std::vector<Chunk>> chunks_;
};

/// Bytes that all workers take together.
os::Bytes total(const Plan& plan) {
  return plan.parameters.size("size") * static_cast<std::uint64_t>(plan.workers);
}

void resolve_pattern(const Plan& plan) {
  const Parameters& parameters = plan.parameters;
  if (parameters.integer("chunks") < 1)
    throw os::UsageError("--chunks", "0", "nothing to take", "give 1 or more");
  if (parameters.integer("repeat") < 1)
    throw os::UsageError("--repeat", "0", "nothing would be measured", "give 1 or more");
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
  os::parse_duration("--delay", parameters.text("delay"));
  if (parameters.text("lock") == "none") return;
  for (const char* const option : {"punch-holes", "pageout", "two-phase"})
    if (parameters.flag(option))
      throw os::UsageError(std::string("--") + option, "",
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
  plan.reclaims = all + slack(plan) > room && plan.parameters.text("source") != "hugetlb";
  plan.swaps = plan.parameters.text("source") != "file";
  const bool too_much = all > room + free_swap(plan, machine) || (locks && all > room);
  if (too_much && plan.expect == trial::Outcome::ok)
    plan.notes.push_back(
        fmt::format("{} are to be taken where {} fit: the kernel will kill the workers, which "
                    "--expect oom calls a success",
                    os::format_size(all), os::format_size(locks ? room : room + free_swap(plan, machine))));
}

void resolve(Plan& plan, const machine::Machine& machine) {
  resolve_pattern(plan);
  const os::Nanoseconds hold = os::parse_duration("--hold", plan.parameters.text("hold"));
  plan.timeout += hold * plan.parameters.integer("repeat");
  if (plan.memory) require_limit(plan, machine, *plan.memory);
  resolve_room(plan, machine);
  if (plan.parameters.text("source") != "file") return;
  if (plan.parameters.text("folder").empty()) plan.parameters.set("folder", data_folder(), false);
  check_data_folder("--folder", plan.parameters.text("folder"), total(plan));
}

trial::Figure rate(const char* name, const char* meaning, const char* bytes, const char* time) {
  return {name,
          "bytes/s",
          Better::higher,
          meaning,
          {std::string("workload.") + bytes},
          {std::string("workload.") + time},
          1e9};
}

const trial::Registered registration{{
    .name = "usemem",
    .summary = "takes memory in chunks, locks, touches, holds and frees it (mm/mlock.c, mm/oom_kill.c)",
    .operation = "one chunk taken and touched",
    .pacing = trial::Pacing::rounds,
    .parameters =
        {{"size", Parameter::Type::size, "256M", "bytes that each worker takes"},
         {"chunks", Parameter::Type::integer, "32", "pieces that it is taken in, one after the other"},
         {"source",
          Parameter::Type::choice,
          "private",
          "what the memory is",
          {"private", "shared", "file", "memfd", "sysv", "hugetlb", "malloc"}},
         {"lock",
          Parameter::Type::choice,
          "none",
          "mlockall: MCL_FUTURE before the first chunk; mlock, onfault: each chunk",
          {"none", "mlockall", "mlock", "onfault"}},
         {"write-passes", Parameter::Type::integer, "1", "times that all of it is written; 0 only reads"},
         {"read-passes", Parameter::Type::integer, "0",
          "times that all of it is read and checked after that"},
         {"access", Parameter::Type::choice, "sequential", "order of the touches", {"sequential", "random"}},
         {"step", Parameter::Type::size, "4K", "bytes from one touch to the next"},
         {"unit", Parameter::Type::size, "8", "bytes that one touch is of"},
         {"delay", Parameter::Type::text, "0", "time between two touches, such as 1us"},
         {"prealloc", Parameter::Type::flag, "false", "map all of it before the workers start"},
         {"populate", Parameter::Type::flag, "false", "let the kernel fault it in before it is touched"},
         {"thp", Parameter::Type::flag, "false", "ask for transparent huge pages"},
         {"punch-holes", Parameter::Type::flag, "false", "give every other page back when all is touched"},
         {"msync", Parameter::Type::flag, "false", "write shared memory and files back when all is touched"},
         {"pageout", Parameter::Type::flag, "false", "push all of it out with MADV_PAGEOUT"},
         {"two-phase", Parameter::Type::flag, "false",
          "push all of it out and read it back, so that swap-in is timed alone"},
         {"hold", Parameter::Type::text, "0", "time to keep it, such as 2s"},
         {"repeat", Parameter::Type::integer, "1", "measured rounds of all this in each trial"},
         {"folder", Parameter::Type::text, "", "where the unnamed files of --source file go"}},
    .counters = {{"touched", "bytes", "memory passed over"},
                 {"touch_ns", "ns", "time of that"},
                 {trial::counter::kLocked, "bytes", "memory held locked now"},
                 {"lock_ns", "ns", "time in mmap and mlock"},
                 {"pushed_out", "bytes", "memory given to MADV_PAGEOUT"},
                 {"push_ns", "ns", "time of that"},
                 {"read_back", "bytes", "memory read after it was pushed out"},
                 {"read_back_ns", "ns", "time of that"},
                 {"taken", "bytes", "memory mapped, and locked if it was to be"},
                 {"freed", "bytes", "memory given back"},
                 {"free_ns", "ns", "time of that"}},
    .figures = {rate("touch_bandwidth", "memory passed over in a worker's second of it", "touched",
                     "touch_ns"),
                rate("lock_bandwidth", "memory taken in a worker's second of mmap and mlock", "taken",
                     "lock_ns"),
                rate("pageout_bandwidth", "memory pushed out in a worker's second of MADV_PAGEOUT",
                     "pushed_out", "push_ns"),
                rate("swap_in_bandwidth", "memory read back in a worker's second of it", "read_back",
                     "read_back_ns"),
                rate("free_bandwidth", "memory given back in a worker's second of it", "freed", "free_ns")},
    .trials = 3,
    .warmup = "0",
    .duration = "",
    .resolve = &resolve,
    .make = [](const Plan& plan) -> std::unique_ptr<trial::Workload> {
      return std::make_unique<UseMem>(plan);
    },
}};

}  // namespace
}  // namespace tlbstorm::workloads

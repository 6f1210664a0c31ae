// SPDX-License-Identifier: Apache-2.0
// usemem: takes memory in chunks, locks it if asked, touches it, holds it, gives it back; each step timed on
// its own. With mlockall(MCL_FUTURE) in a limit that is too small it is the case of the zcache thread of
// 2010: an OOM kill while swap is free, as locked pages can't go there (mm/oom_kill.c). What vm-scalability's
// usemem can.
#include <fmt/format.h>
#include <linux/capability.h>
#include <sys/mman.h>

#include <cerrno>
#include <cstring>
#include <vector>

#include "harness/os/error.hpp"
#include "harness/os/mapping.hpp"
#include "harness/trial/worker.hpp"
#include "workloads/chunk.hpp"
#include "workloads/touch.hpp"
#include "workloads/usemem_plan.hpp"

namespace tlbstorm::workloads {
namespace {

using trial::Better;
using Type = trial::Option::Type;
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

class UseMem final : public trial::Workload {
 public:
  explicit UseMem(const Plan& plan)
      : parameters_(plan.parameters),
        source_(plan.parameters.text("source")),
        lock_(plan.parameters.text("lock")),
        chunk_(chunk_size(plan)),
        pattern_{plan.parameters.size("step").count, plan.parameters.size("unit").count,
                 plan.parameters.text("access") == "random", plan.parameters.duration("delay")},
        hold_(plan.parameters.duration("hold")),
        chunks_(static_cast<std::size_t>(plan.workers)) {}

  void prepare() override {
    if (parameters_.flag("prealloc"))
      for (auto& chunks : chunks_) allocate_all(chunks);
  }

  void work(Worker& worker) override {
    Random random(worker.seed());
    std::vector<Chunk>& chunks = chunks_[static_cast<std::size_t>(worker.index())];
    chunks.reserve(static_cast<std::size_t>(parameters_.integer("chunks")));
    while (worker.next_round(parameters_.integer("rounds"))) {
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
        if (parameters_.flag("two-phase")) {
          wait_until_gone(worker, chunks);
          read_all(worker, chunks, random, kReadBackTime);
        }
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
      if (!taken_before) locking(worker, [&] { chunks.push_back(allocate()); });
      const Chunk& chunk = chunks[static_cast<std::size_t>(i)];
      prepare_pages(worker, chunk);
      if (parameters_.integer("write-passes") > 0) write(worker, chunk, random);
      if (lock_ == "onfault") worker.count(kLocked, chunk.size().count);
      worker.count_operations();
    }
  }

  /// Where nothing is locked, what mmap alone takes is no time of locking.
  void locking(Worker& worker, const auto& step) const {
    lock_ == "none" ? step() : timed(worker, kLockTime, step);
  }

  void prepare_pages(Worker& worker, const Chunk& chunk) const {
    if (parameters_.flag("thp")) chunk.use_huge_pages();
    locking(worker, [&] {
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
      if (check && wrong > 0) report_wrong_pages(worker, chunk.bytes(), wrong);
    }
  }

  /// A pass only counts wrong words: a second look tells which pages they are in.
  void report_wrong_pages(Worker& worker, std::span<const std::byte> memory, std::size_t words) const {
    const std::size_t page_bytes = os::page_size().count, step = pattern_.step;
    std::size_t looked_at = 0;  // up to the end of the last wrong page
    for (std::size_t at = 0; at + step <= memory.size(); at += step) {
      const std::uint64_t expected = mark_of(&memory[at]);
      std::uint64_t found = 0;
      std::memcpy(&found, &memory[at], sizeof found);
      if (found == expected || at < looked_at) continue;
      looked_at = (at / page_bytes + 1) * page_bytes;
      worker.report_wrong_page(
          fmt::format("a chunk at {:#x}: {:#018x} was written, {:#018x} found", at, expected, found),
          memory.subspan(looked_at - page_bytes, page_bytes), {});
    }
    if (looked_at == 0)
      worker.report_wrong_page(fmt::format("{} words came wrong, and right when they were read again", words),
                               {}, {});
  }

  static void push_out(Worker& worker, const std::vector<Chunk>& chunks) {
    for (const Chunk& chunk : chunks)
      timed(worker, kPushTime, [&] { worker.count(kPushedOut, chunk.push_out()); });
  }

  /// A swap area that is written to in the background leaves what it has taken in the swap cache, where it
  /// would be read back from; reclaim takes it from there.
  static void wait_until_gone(Worker& worker, const std::vector<Chunk>& chunks) {
    constexpr os::Nanoseconds kPatience = std::chrono::seconds{10}, kNap = std::chrono::milliseconds{5};
    os::Bytes left, all;
    for (const os::Nanoseconds until = os::now() + kPatience; os::now() < until && !worker.stopped();) {
      left = all = {};
      for (const Chunk& chunk : chunks) {
        left = left + chunk.resident();
        all = all + chunk.size();
      }
      if (left.count * 100 <= all.count) return;
      worker.reclaim_own_memory();
      const timespec nap = os::to_timespec(kNap);
      ::nanosleep(&nap, nullptr);
    }
    worker.invalidate(fmt::format("{} of {} stayed in memory: they were not read back from swap",
                                  os::format_size(left), os::format_size(all)));
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

trial::OwnFigure rate(const char* name, const char* meaning, const char* bytes, const char* time) {
  return {name,
          "bytes/s",
          Better::higher,
          meaning,
          {std::string("workload.") + bytes},
          {std::string("workload.") + time},
          1e9};
}

const trial::RegisteredWorkload registration{{
    .name = "usemem",
    .summary = "takes memory in chunks, locks, touches, holds and frees it (mm/mlock.c, mm/oom_kill.c)",
    .operation = "one chunk taken and touched",
    .primary = metric::kIpisPerPage,
    .pacing = trial::Pacing::rounds,
    .parameters =
        {{.name = "size",
          .type = Type::worker_size,
          .standard = "256M",
          .help = "bytes that each worker takes"},
         {.name = "chunks",
          .type = Type::whole,
          .standard = "32",
          .help = "pieces that it is taken in, one after the other",
          .range = {1}},
         {.name = "source",
          .type = Type::choice,
          .standard = "private",
          .help = "what the memory is",
          .choices = {{"private", "anonymous memory"},
                      {"shared", "anonymous memory, shared"},
                      {"file", "an unnamed file on a disk"},
                      {"memfd", "an unnamed file in memory"},
                      {"sysv", "a System V segment"},
                      {"hugetlb", "huge pages that were reserved"},
                      {"malloc", "the C library's"}}},
         {.name = "lock",
          .type = Type::choice,
          .standard = "none",
          .help = "how it is locked",
          .choices = {{"none"},
                      {"mlockall", "MCL_FUTURE before the first chunk"},
                      {"mlock", "each chunk"},
                      {"onfault", "each chunk, page by page as it is touched"}}},
         {.name = "write-passes",
          .type = Type::whole,
          .standard = "1",
          .help = "times that all of it is written; 0 only reads"},
         {.name = "read-passes",
          .type = Type::whole,
          .standard = "0",
          .help = "times that all of it is read and checked after that"},
         {.name = "access",
          .type = Type::choice,
          .standard = "sequential",
          .help = "order of the touches",
          .choices = {{"sequential"}, {"random"}}},
         {.name = "step", .type = Type::size, .standard = "4K", .help = "bytes from one touch to the next"},
         {.name = "unit", .type = Type::size, .standard = "8", .help = "bytes that one touch is of"},
         {.name = "delay",
          .type = Type::duration,
          .standard = "0",
          .help = "time between two touches, such as 1us"},
         {.name = "prealloc", .type = Type::flag, .help = "map all of it before the workers start"},
         {.name = "populate", .type = Type::flag, .help = "let the kernel fault it in before it is touched"},
         {.name = "thp", .type = Type::flag, .help = "ask for transparent huge pages"},
         {.name = "punch-holes",
          .type = Type::flag,
          .help = "give every other page back when all is touched"},
         {.name = "msync",
          .type = Type::flag,
          .help = "write shared memory and files back when all is touched"},
         {.name = "pageout", .type = Type::flag, .help = "push all of it out with MADV_PAGEOUT"},
         {.name = "two-phase",
          .type = Type::flag,
          .help = "push all of it out and read it back, so that swap-in is timed alone"},
         {.name = "hold", .type = Type::duration, .standard = "0", .help = "time to keep it, such as 2s"},
         {.name = "rounds",
          .type = Type::whole,
          .standard = "1",
          .help = "measured rounds of all this in each trial",
          .range = {1}},
         {.name = "folder",
          .type = Type::folder,
          .help = "where the unnamed files of --source file go",
          .likeness = trial::Likeness::told}},
    .counters = {{"touched", "bytes", "memory passed over"},
                 {"touch_ns", "ns", "time of that"},
                 {trial::counter::kLocked, "bytes", "memory held locked now", probe::Kind::gauge},
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
    .capabilities = {CAP_IPC_LOCK},
    .trials = 3,
    .warmup = "0",
    .duration = "",
    .resolve = &resolve_usemem,
    .make = [](const Plan& plan) -> std::unique_ptr<trial::Workload> {
      return std::make_unique<UseMem>(plan);
    },
}};

}  // namespace
}  // namespace tlbstorm::workloads

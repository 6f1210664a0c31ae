// SPDX-License-Identifier: Apache-2.0
// The kswapd threads, one for each NUMA node: their CPU time, from schedstat (nanoseconds on a CPU:
// Documentation/scheduler/sched-stats.rst), and how often they slept or were put off the CPU, from status.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "harness/os/fd.hpp"
#include "harness/os/text.hpp"
#include "harness/probe/probe.hpp"
#include "harness/probe/text_file.hpp"

namespace tlbstorm::probe {
namespace {

namespace fs = std::filesystem;

/// One thread's files and its own column.
struct Thread {
  std::string name;  ///< "kswapd0": the number is its node
  TextFile schedstat;
  TextFile status;
};

std::vector<Thread> find_threads(const fs::path& proc) {
  std::vector<Thread> threads;
  for (const fs::directory_entry& entry : fs::directory_iterator(proc)) {
    if (!os::to_number(entry.path().filename().native())) continue;
    const std::string comm(os::trim(os::try_read_text(entry.path() / "comm").value_or("")));
    if (!comm.starts_with("kswapd") || !os::to_number(comm.substr(6))) continue;
    // Any program may call itself so; only the kernel's threads have no command line.
    if (!os::try_read_text(entry.path() / "cmdline").value_or("").empty()) continue;
    threads.push_back({comm, TextFile(entry.path() / "schedstat"), TextFile(entry.path() / "status")});
  }
  std::sort(threads.begin(), threads.end(), [](const Thread& a, const Thread& b) {
    return os::to_number(a.name.substr(6)) < os::to_number(b.name.substr(6));
  });
  return threads;
}

class Kswapd final : public Probe {
 public:
  explicit Kswapd(std::vector<Thread> threads)
      : threads_(std::move(threads)),
        switches_({{"voluntary_ctxt_switches:", 0}, {"nonvoluntary_ctxt_switches:", 1}}) {
    columns_ = {{"kswapd.cpu", "s"}, {"kswapd.slept", "switches"}, {"kswapd.put_off", "switches"}};
    for (const Thread& thread : threads_) {
      columns_.push_back({fmt::format("kswapd.{}_cpu", thread.name), "s"});
      parts_.push_back({thread.name});
    }
  }

  void read(std::span<double> row) noexcept override {
    std::fill(row.begin(), row.end(), kAbsent);
    for (const auto sum : {kCpu, kSlept, kPutOff}) row[sum] = any_left() ? 0.0 : kAbsent;
    for (std::size_t i = 0; i < threads_.size(); ++i) {
      if (parts_[i].left_out) continue;
      std::string_view line = threads_[i].schedstat.read();
      const auto ran = os::to_number(os::take_field(line));
      parts_[i].gone |= !ran;
      const double seconds = ran ? static_cast<double>(*ran) * 1e-9 : kAbsent;
      row[kFirstThread + i] = seconds;
      row[kCpu] += seconds;
      std::array<double, 2> switches{kAbsent, kAbsent};
      switches_.scan(threads_[i].status.read(), switches);
      row[kSlept] += switches[0];
      row[kPutOff] += switches[1];
    }
  }

 private:
  enum : std::size_t { kCpu, kSlept, kPutOff, kFirstThread };
  std::vector<Thread> threads_;
  KeyScanner switches_;
};

Opened open(const Target& target) {
  try {
    std::vector<Thread> threads = find_threads(target.proc);
    if (threads.empty())
      return Unavailable{"no kswapd is to be seen",
                         "outside a container, where /proc shows the kernel's threads"};
    return std::make_unique<Kswapd>(std::move(threads));
  } catch (const std::exception& error) {
    return Unavailable{fmt::format("kswapd can't be looked at ({})", error.what()),
                       "a kernel with CONFIG_SCHED_INFO"};
  }
}

const RegisteredProbe registration{
    {"kswapd", "CPU time and context switches of the kswapd threads", Cadence::every_sample, &open}};

}  // namespace
}  // namespace tlbstorm::probe

// SPDX-License-Identifier: Apache-2.0
#include "harness/os/kernel_log.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <initializer_list>
#include <utility>

#include "harness/os/error.hpp"
#include "harness/os/mapping.hpp"
#include "harness/os/text.hpp"

namespace tlbstorm::os {
namespace {

constexpr const char* kPath = "/dev/kmsg";
constexpr std::string_view kInvoked = " invoked oom-killer: gfp_mask=";
constexpr std::string_view kKilled = ": Killed process ";
constexpr std::string_view kReaped = "oom_reaper: reaped process ";
constexpr std::string_view kChosen = "oom-kill:constraint=";

bool starts_with_any(std::string_view line, std::initializer_list<std::string_view> beginnings) {
  return std::any_of(beginnings.begin(), beginnings.end(),
                     [line](std::string_view beginning) { return line.starts_with(beginning); });
}

bool contains(std::string_view line, std::string_view part) {
  return line.find(part) != std::string_view::npos;
}

/// What follows `key`, up to `end` or the end of the line.
std::optional<std::string_view> after(std::string_view line, std::string_view key, std::string_view end) {
  const std::size_t at = line.find(key);
  if (at == std::string_view::npos) return std::nullopt;
  line.remove_prefix(at + key.size());
  return line.substr(0, line.find(end));
}

std::optional<std::uint64_t> to_count(std::optional<std::string_view> field) {
  return field ? to_number(*field) : std::nullopt;
}

std::optional<Bytes> to_bytes(std::optional<std::string_view> field, Bytes unit) {
  const auto count = to_count(field);
  return count ? std::optional(unit * *count) : std::nullopt;
}

/// Takes out of a report's line what we want to know. In Mem-Info, all counters are one record whose line
/// ends are escaped: "...isolated_file:0\x0a unevictable:126855 dirty:0...", in pages. A cgroup's statistics
/// are in bytes; those of cgroup v1 have "total_unevictable", with the groups below, after "unevictable"
/// without them (mm/memcontrol-v1.c: memcg1_stat_format), those of v2 only "unevictable", with them.
void read_line(std::string_view line, OomReport& report) {
  if (line.starts_with("Free swap ")) report.swap_free = to_bytes(after(line, "= ", "kB"), 1_KiB);
  if (line.starts_with("Total swap ")) report.swap_total = to_bytes(after(line, "= ", "kB"), 1_KiB);
  if (line.starts_with("active_anon:"))
    report.unevictable = to_bytes(after(line, " unevictable:", " "), page_size());
  if (starts_with_any(line, {"unevictable ", "total_unevictable "}))
    report.unevictable = to_bytes(after(line, "unevictable ", " "), Bytes{1});
  if (!line.starts_with(kChosen)) return;
  report.cgroup = after(line, ",task_memcg=", ",task=").value_or("");
  report.limited = after(line, ",oom_memcg=", ",task_memcg=").value_or("");
}

/// __oom_kill_process(): "Out of memory: Killed process 5913 (tail) total-vm:...". A name may hold blanks and
/// brackets.
bool read_kill(std::string_view line, OomReport& report) {
  if (!starts_with_any(line, {"Out of memory", "Memory cgroup out of memory"})) return false;
  const auto pid = to_count(after(line, kKilled, " ("));
  if (!pid) return false;
  report.victim = static_cast<int>(*pid);
  report.victim_name = after(line.substr(line.find(kKilled)), " (", ") total-vm:").value_or("");
  report.in_cgroup = line.starts_with("Memory cgroup");
  return true;
}

/// A line for each task, and some hundred more.
constexpr std::size_t kMostLines = 100'000;

/// Puts reports together from records in their order: all from "invoked oom-killer" to "Killed process", what
/// others logged meanwhile among them. There is at most one unfinished: the kernel writes them under
/// oom_lock.
class ReportReader {
 public:
  void take(const LogRecord& record);
  std::vector<OomReport> reports() && { return std::move(reports_); }

 private:
  void add_reaped(const std::string& line);

  OomReport open_;
  std::vector<OomReport> reports_;
};

void ReportReader::take(const LogRecord& record) {
  const std::string& line = record.text;
  if (contains(line, kInvoked)) {
    open_ = {};
    open_.lines.push_back(line);
  } else if (line.starts_with(kReaped)) {
    add_reaped(line);
  } else if (read_kill(line, open_)) {
    open_.at = record.at;
    open_.lines.push_back(line);
    reports_.push_back(std::exchange(open_, {}));
  } else if (contains(line, "no killable processes...") || contains(line, "Skip killing the task")) {
    open_ = {};  // a report that ends without a kill; the next kill is not its end
  } else if (!open_.lines.empty() && open_.lines.size() < kMostLines) {
    read_line(line, open_);
    open_.lines.push_back(line);
  }
}

/// The reaper is a thread of its own: its line may stand anywhere after the kill, in the next report, too.
void ReportReader::add_reaped(const std::string& line) {
  const auto pid = to_count(after(line, kReaped, " ("));
  if (!pid) return;
  const auto report = std::find_if(reports_.rbegin(), reports_.rend(), [pid](const OomReport& killed) {
    return static_cast<std::uint64_t>(killed.victim) == *pid;
  });
  if (report != reports_.rend() && !report->lines.back().starts_with(kReaped)) report->lines.push_back(line);
}

}  // namespace

std::optional<LogRecord> parse_kmsg(std::string_view record) {
  // "level,sequence,microseconds,flags[,more];text": later kernels may add fields before the semicolon.
  std::string_view text = take_line(record);
  const std::size_t semicolon = text.find(';');
  if (semicolon == std::string_view::npos) return std::nullopt;
  std::string_view prefix = text.substr(0, semicolon);
  std::optional<std::uint64_t> number;
  for (int field = 0; field < 3; ++field) {
    const std::size_t comma = prefix.find(',');
    number = to_number(prefix.substr(0, comma));
    if (!number || comma == std::string_view::npos) return std::nullopt;
    prefix.remove_prefix(comma + 1);
  }
  text.remove_prefix(semicolon + 1);
  return LogRecord{.at = std::chrono::microseconds{*number}, .text = std::string(text)};
}

std::vector<OomReport> find_oom_reports(std::span<const LogRecord> records) {
  ReportReader reader;
  for (const LogRecord& record : records) reader.take(record);
  return std::move(reader).reports();
}

KernelLog::KernelLog() : fd_(Fd::open(kPath, O_RDONLY | O_NONBLOCK)) {
  if (::lseek(fd_.get(), 0, SEEK_END) < 0) throw SystemError("lseek", kPath, errno);
}

std::vector<LogRecord> KernelLog::take() {
  std::vector<LogRecord> records;
  char record[8192];  // the longest of any kernel: CONSOLE_EXT_LOG_MAX, since 6.x PRINTK_MESSAGE_MAX (2048)
  for (;;) {
    const ssize_t got = ::read(fd_.get(), record, sizeof record);
    if (got > 0) {
      if (auto parsed = parse_kmsg({record, static_cast<std::size_t>(got)}))
        records.push_back(std::move(*parsed));
    } else if (got == 0 || errno == EAGAIN) {
      return records;  // a container's /dev/kmsg may be /dev/null, which has an end
    } else if (errno != EPIPE && errno != EINTR) {  // EPIPE has moved us on to the oldest record that is left
      throw SystemError("read", kPath, errno);
    }
  }
}

}  // namespace tlbstorm::os

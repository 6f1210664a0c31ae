// SPDX-License-Identifier: Apache-2.0
#include "harness/os/journal.hpp"

#include <fmt/format.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <thread>
#include <utility>

#include "harness/os/error.hpp"
#include "harness/os/text.hpp"

namespace tlbstorm::os {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

struct KindName {
  Change::Kind kind;
  std::string_view name;  ///< in the journal's file
  std::string_view text;  ///< in messages, before the target
};
constexpr std::array<KindName, 7> kKinds{{{Change::Kind::file, "file", "file"},
                                          {Change::Kind::swap, "swap", "swap on"},
                                          {Change::Kind::cgroup, "cgroup", "cgroup"},
                                          {Change::Kind::value, "value", "value of"},
                                          {Change::Kind::zram_add, "zram-add", "zram device being added"},
                                          {Change::Kind::zram, "zram", "zram device"},
                                          {Change::Kind::swap_header, "swap-header", "swap header on"}}};

const KindName& entry(Change::Kind kind) {
  for (const KindName& candidate : kKinds)
    if (candidate.kind == kind) return candidate;
  throw Error("a change of unknown kind");
}

// How the names of journals begin: of runs, and of what is to stay in force.
constexpr std::string_view kRuns = "journal-";
constexpr std::string_view kKept = "kept-";

std::string boot_id() { return std::string(trim(read_text("/proc/sys/kernel/random/boot_id"))); }

/// Takes the lock of a journal that nobody holds. A killed process is gone a moment before the kernel closes
/// its files, so a lock whose owner no longer lives is waited for.
bool take_lock(const Fd& file, const fs::path& path) {
  const std::string name = path.stem();  // "journal-<pid>" or "journal-<pid>-<n>", or "kept-..."
  const std::string_view numbers = std::string_view(name).substr(name.find('-') + 1);
  const auto owner = to_number(numbers.substr(0, numbers.find('-')));
  for (int attempt = 0; attempt < 100; ++attempt) {
    if (::flock(file.get(), LOCK_EX | LOCK_NB) == 0) return true;
    if (!owner || ::kill(static_cast<pid_t>(*owner), 0) == 0 || errno != ESRCH) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds{20});
  }
  return false;
}

/// Whether another process unlinked an open file.
bool unlinked(const Fd& file) {
  struct stat status {};
  return ::fstat(file.get(), &status) == 0 && status.st_nlink == 0;
}

bool outlives_a_boot(const Change& change) {
  return change.kind == Change::Kind::file || change.kind == Change::Kind::swap_header;
}

/// What a journal's text says is still in force, oldest first. A torn last line means that change was not yet
/// made.
struct Leftover {
  std::string boot;
  std::map<int, Change> in_force;
  std::map<int, std::string> unknown;  ///< kinds that a newer version wrote
  std::vector<int> damaged;            ///< numbers of the lines that make no sense
};

void parse_line(const json& line, Leftover& found) {
  if (line.contains("boot")) found.boot = line.at("boot").get<std::string>();
  if (line.contains("undone")) {
    const int id = line.at("undone").get<int>();
    found.in_force.erase(id);
    found.unknown.erase(id);
  }
  if (!line.contains("kind")) return;
  const int id = line.at("id").get<int>();
  const std::string kind = line.at("kind").get<std::string>();
  for (const KindName& known : kKinds)
    if (kind == known.name) {
      found.in_force[id] = {known.kind, line.at("target").get<std::string>(),
                            line.at("before").get<std::string>()};
      return;
    }
  found.unknown[id] = kind;
}

Leftover parse(std::string_view text) {
  Leftover found;
  for (int number = 1; !text.empty(); ++number) {
    const bool torn = text.find('\n') == std::string_view::npos;
    try {
      parse_line(json::parse(take_line(text)), found);
    } catch (const json::exception&) {
      if (!torn) found.damaged.push_back(number);
    }
  }
  return found;
}

}  // namespace

std::string Change::text() const { return fmt::format("{} {}", entry(kind).text, target); }

fs::path state_folder() {
  if (const char* const folder = std::getenv("TLBSTORM_STATE_DIR")) return folder;
  if (::geteuid() == 0) return "/var/lib/tlbstorm";
  if (const char* const folder = std::getenv("XDG_STATE_HOME")) return fs::path(folder) / "tlbstorm";
  const char* const home = std::getenv("HOME");
  return fs::path(home ? home : "/tmp") / ".local/state/tlbstorm";
}

std::string own_name() { return fmt::format("tlbstorm-{}", ::getpid()); }

Applied::Applied(Applied&& other) noexcept
    : journal_(std::exchange(other.journal_, nullptr)), id_(std::exchange(other.id_, 0)) {}

Applied& Applied::operator=(Applied&& other) noexcept {
  if (this != &other) {
    Applied old(std::move(*this));
    journal_ = std::exchange(other.journal_, nullptr);
    id_ = std::exchange(other.id_, 0);
  }
  return *this;
}

Applied::~Applied() {
  try {
    undo();
  } catch (...) {  // it is among the journal's problems, and in its file
  }
}

void Applied::undo() {
  if (Journal* const journal = std::exchange(journal_, nullptr)) journal->undo(id_);
}

Journal::Journal(fs::path folder) : folder_(std::move(folder)) {}

Journal::~Journal() {
  while (!in_force_.empty()) {
    const int id = in_force_.rbegin()->first;
    try {
      undo(id);
    } catch (...) {
      in_force_.erase(id);  // still in the file
    }
  }
}

void Journal::open() {
  constexpr int kAttempts = 100;
  for (int n = 1;; ++n) {
    std::error_code error;
    fs::create_directories(folder_, error);
    if (error)
      throw SystemError("mkdir", folder_.native(), error.value(),
                        "set TLBSTORM_STATE_DIR to a folder of yours");
    path_ = folder_ / (n == 1 ? fmt::format("journal-{}.jsonl", ::getpid())
                              : fmt::format("journal-{}-{}.jsonl", ::getpid(), n));
    Fd file;
    try {
      // Never an existing one: a killed run that had our number may have left it.
      file = Fd::open(path_, O_RDWR | O_CREAT | O_EXCL | O_APPEND, 0600);
    } catch (const SystemError& failure) {
      // ENOENT: another run that ended has just removed the folder.
      if ((failure.code() == EEXIST || failure.code() == ENOENT) && n < kAttempts) continue;
      throw;
    }
    if (::flock(file.get(), LOCK_EX | LOCK_NB) == 0 && !unlinked(file)) {
      file_ = std::move(file);
      break;
    }
    // restore() took it for a killed run's before we held it.
    if (n >= kAttempts) throw SystemError("lock", path_.native(), EWOULDBLOCK);
  }
  append(json{{"boot", boot_id()}, {"pid", ::getpid()}}.dump());
  const Fd folder = Fd::open(folder_, O_RDONLY | O_DIRECTORY);
  if (::fsync(folder.get()) != 0)
    throw SystemError("fsync", folder_.native(), errno);  // its name outlives a power cut
}

void Journal::append(const std::string& line) {
  const off_t end = ::lseek(file_.get(), 0, SEEK_END);
  try {
    write_all(file_, line + "\n", path_);
  } catch (...) {  // half a line would spoil the next one
    static_cast<void>(::ftruncate(file_.get(), end));
    throw;
  }
  if (::fsync(file_.get()) != 0) throw SystemError("fsync", path_.native(), errno);
}

Applied Journal::apply(const Change& change, const std::function<void()>& make) {
  if (!file_) open();
  const int id = next_id_++;
  append(json{
      {"id", id}, {"kind", entry(change.kind).name}, {"target", change.target}, {"before", change.before}}
             .dump());
  in_force_[id] = change;
  try {
    make();
  } catch (...) {
    settle(id);
    throw;
  }
  return Applied(*this, id);
}

void Journal::undo(int id) {
  const auto found = in_force_.find(id);
  if (found == in_force_.end()) return;
  try {
    os::undo(found->second);
  } catch (const std::exception& error) {
    problems_.push_back(fmt::format("{}: {}", found->second.text(), error.what()));
    throw;
  }
  settle(id);
}

void Journal::keep_in_force() {
  if (in_force_.empty()) return;
  // An earlier process that had our number may have kept something, too.
  for (int n = 1;; ++n) {
    const fs::path kept = folder_ / fmt::format("{}{}-{}.jsonl", kKept, ::getpid(), n);
    if (::renameat2(AT_FDCWD, path_.c_str(), AT_FDCWD, kept.c_str(), RENAME_NOREPLACE) == 0) break;
    if (errno != EEXIST) throw SystemError("rename", path_.native(), errno);
  }
  in_force_.clear();
  file_.reset();
}

void Journal::settle(int id) {
  in_force_.erase(id);
  append(json{{"undone", id}}.dump());
  remove_if_empty();
}

void Journal::remove_if_empty() {
  if (!in_force_.empty() || !problems_.empty()) return;
  ::unlink(path_.c_str());
  file_.reset();
  ::rmdir(folder_.c_str());  // fails while another run keeps a journal there
}

namespace {

/// Those that were written last come first: what they changed may be of what an earlier one had changed.
std::vector<fs::path> journals_in(const fs::path& folder, Leftovers which) {
  std::vector<std::pair<fs::file_time_type, fs::path>> found;
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, error)) {
    const std::string name = entry.path().filename();
    if (name.starts_with(kRuns) || (name.starts_with(kKept) && which == Leftovers::all))
      found.emplace_back(entry.last_write_time(error), entry.path());
  }
  std::sort(found.rbegin(), found.rend());
  std::vector<fs::path> paths;
  for (auto& [time, path] : found) paths.push_back(std::move(path));
  return paths;
}

void restore_one(const fs::path& path, Restored& result) {
  const Fd file = Fd::open(path, O_RDWR);
  if (!take_lock(file, path)) {
    ++result.held;
    return;
  }
  if (unlinked(file)) return;  // its run has ended meanwhile
  const Leftover left = parse(read_text(path));
  const bool same_boot = left.boot == boot_id();
  bool clean = left.unknown.empty() && left.damaged.empty();
  for (const auto& [id, kind] : left.unknown)
    result.problems.push_back(
        fmt::format("{}: a change of kind '{}', which this version does not know", path.native(), kind));
  for (const int number : left.damaged)
    result.problems.push_back(fmt::format("{}: line {} is damaged", path.native(), number));
  for (auto change = left.in_force.rbegin(); change != left.in_force.rend(); ++change) {
    if (!same_boot && !outlives_a_boot(change->second)) continue;
    try {
      undo(change->second);
      result.undone.push_back(change->second.text());
    } catch (const std::exception& problem) {
      result.problems.push_back(problem.what());
      clean = false;
    }
  }
  if (clean) ::unlink(path.c_str());
}

}  // namespace

Restored restore(const fs::path& folder, Leftovers which) {
  Restored result;
  for (const fs::path& path : journals_in(folder, which)) try {
      restore_one(path, result);
    } catch (const SystemError& problem) {
      // ENOENT: its run has ended meanwhile.
      if (problem.code() != ENOENT) result.problems.push_back(problem.what());
    }
  ::rmdir(folder.c_str());
  return result;
}

}  // namespace tlbstorm::os

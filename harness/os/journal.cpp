// SPDX-License-Identifier: Apache-2.0
#include "harness/os/journal.hpp"

#include <fmt/format.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <utility>

#include "harness/os/error.hpp"
#include "harness/os/journal_file.hpp"

namespace tlbstorm::os {
namespace {

namespace fs = std::filesystem;

constexpr const char* kStateRemedy = "set TLBSTORM_STATE_DIR to a folder of yours, on a disk";

/// A line that the process of make_apart() hands back: a change, or what went wrong.
constexpr char kWrong = '!';
constexpr char kRefused = '?';  ///< the same of what the user asked for

Trouble trouble_of(const Change& change, const std::exception& error) {
  const auto* const ours = dynamic_cast<const Error*>(&error);
  return {fmt::format("{}: {}", change.text(), error.what()), ours == nullptr ? "" : ours->hint()};
}

std::string wrong_line(const std::exception& error) {
  const auto* const ours = dynamic_cast<const Error*>(&error);
  const bool refused = dynamic_cast<const UsageError*>(&error) != nullptr;
  return fmt::format("{}{}\n{}", refused ? kRefused : kWrong, error.what(),
                     ours == nullptr ? "" : ours->hint());
}

/// Runs body in a child that no signal to us or to our terminal ends, and returns what it says.
std::string said_apart(const std::function<std::string()>& body) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw SystemError("pipe", "a change to the machine", errno);
  Fd read_end(ends[0]), write_end(ends[1]);
  sigset_t all, before;
  sigfillset(&all);
  ::sigprocmask(SIG_SETMASK, &all, &before);
  const pid_t child = ::fork();
  const int error = errno;
  if (child == 0) {
    ::setsid();
    std::string said;
    try {
      said = body();
    } catch (const std::exception& failure) {
      said = wrong_line(failure);
    }
    static_cast<void>(::write(write_end.get(), said.data(), said.size()));
    ::_exit(0);
  }
  ::sigprocmask(SIG_SETMASK, &before, nullptr);
  if (child < 0) throw SystemError("fork", "a change to the machine", error);
  write_end.reset();
  std::string said = read_text(fmt::format("/proc/self/fd/{}", read_end.get()));
  while (::waitpid(child, nullptr, 0) < 0 && errno == EINTR) {
  }
  return said;
}

}  // namespace

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
  } catch (...) {  // it stays in force, and undo_all() tries again and tells
  }
}

void Applied::undo() {
  if (Journal* const journal = std::exchange(journal_, nullptr)) journal->undo(id_);
}

Journal::Journal(fs::path folder) : path_(std::move(folder)) {}

Journal::~Journal() {
  try {
    undo_all();
  } catch (...) {  // what is still in force is in the file
  }
}

void Journal::open() {
  constexpr int kAttempts = 100;
  const std::string boot = boot_id();
  for (int n = 1;; ++n) {
    try {
      folder_ = Folder::make(path_, 0700);
      name_ = fmt::format("{}{}{}.jsonl", kRuns, ::getpid(), n == 1 ? "" : fmt::format("-{}", n));
      // Never an existing one: a killed run that had our number may have left it.
      Fd file = folder_.create(name_, 0600);
      if (::flock(file.get(), LOCK_EX | LOCK_NB) == 0 && folder_.find(name_)) {
        file_ = std::move(file);
        break;
      }
      // restore() took it for a killed run's before we held it.
      if (n >= kAttempts) throw SystemError("lock", (folder_ / name_).native(), EWOULDBLOCK);
    } catch (const SystemError& failure) {
      // ENOENT: another run that ended has just removed the folder.
      if ((failure.code() == EEXIST || failure.code() == ENOENT) && n < kAttempts) continue;
      throw SystemError("keep the journal in", path_.native(), failure.code(), kStateRemedy);
    }
  }
  append(heading_line(boot, ::getpid()));
  folder_.sync();  // its name outlives a power cut
}

void Journal::append(const std::string& line) {
  const off_t end = ::lseek(file_.get(), 0, SEEK_END);
  try {
    write_all(file_, line + "\n", folder_ / name_);
    if (::fsync(file_.get()) != 0) throw SystemError("fsync", (folder_ / name_).native(), errno);
  } catch (...) {  // half a line would spoil the next one
    static_cast<void>(::ftruncate(file_.get(), end));
    throw;
  }
}

int Journal::begin(const Change& change) {
  if (!file_) open();
  const int id = next_id_++;
  try {
    append(change_line(id, change));
  } catch (...) {
    remove_if_empty();
    throw;
  }
  in_force_.emplace(id, change);
  return id;
}

int Journal::add(const Change& change, const std::function<std::string()>& make) {
  const int id = begin(change);
  std::string proof;
  try {
    proof = make();
  } catch (...) {
    settle(id);
    throw;
  }
  if (proof.empty()) return id;
  in_force_[id].proof = proof;
  try {
    append(proof_line(id, proof));
  } catch (...) {
    undo(id);
    throw;
  }
  return id;
}

void Journal::make(const Change& change, const std::function<std::string()>& make) { add(change, make); }

Applied Journal::apply(const Change& change, const std::function<std::string()>& make) {
  return Applied(*this, add(change, make));
}

Change Journal::make_apart(const Change& intent, const std::function<Change()>& make) {
  const int id = begin(intent);
  std::string said;
  try {
    said = said_apart([&] {
      const Change made = make();
      const std::string line = change_line(id, made);
      try {
        append(line);
      } catch (...) {  // nobody would know it
        os::undo(made);
        throw;
      }
      return line;
    });
  } catch (...) {
    undo(id);
    throw;
  }
  if (said.empty()) throw Error(fmt::format("{}: the process that made it was killed", intent.text()));
  if (said[0] == kWrong || said[0] == kRefused) {
    settle(id);
    const std::size_t end = said.find('\n');
    const std::string what = said.substr(1, end - 1), hint = said.substr(end + 1);
    if (said[0] == kRefused) throw UsageError(what, hint);
    throw Error(what, hint);
  }
  return in_force_[id] = parse_journal(said + "\n").in_force.at(id);
}

void Journal::undo(int id) {
  const auto found = in_force_.find(id);
  if (found == in_force_.end()) return;
  Undone undone;
  try {
    undone = os::undo(found->second);
  } catch (const std::exception& error) {
    troubles_[id] = trouble_of(found->second, error);
    throw;
  }
  troubles_.erase(id);
  if (undone.end == Undone::End::not_ours || undone.end == Undone::End::given_up)
    troubles_[id] = {fmt::format("{}: {}", found->second.text(), undone.why), ""};
  settle(id);
}

std::vector<Trouble> Journal::undo_all() {
  std::vector<int> newest_first;
  for (auto change = in_force_.rbegin(); change != in_force_.rend(); ++change)
    newest_first.push_back(change->first);
  for (const int id : newest_first) try {
      undo(id);
    } catch (const std::exception&) {  // it is among the troubles
    }
  std::vector<Trouble> all;
  for (auto& [id, trouble] : std::exchange(troubles_, {})) all.push_back(std::move(trouble));
  if (!in_force_.empty() && !all.empty())
    all.back().remedy += fmt::format("{}then: tlbstorm restore", all.back().remedy.empty() ? "" : "; ");
  in_force_.clear();  // what is left is in the file
  file_.reset();
  return all;
}

void Journal::keep_in_force() {
  if (in_force_.empty()) return;
  // An earlier process that had our number may have kept something, too.
  for (int n = 1;; ++n) {
    const std::string kept = fmt::format("{}{}-{}.jsonl", kKept, ::getpid(), n);
    if (::renameat2(folder_.fd().get(), name_.c_str(), folder_.fd().get(), kept.c_str(), RENAME_NOREPLACE) ==
        0)
      break;
    if (errno != EEXIST) throw SystemError("rename", (folder_ / name_).native(), errno);
  }
  in_force_.clear();
  file_.reset();
}

/// That it was not noted does no harm: undoing it again finds that it is back.
void Journal::settle(int id) {
  in_force_.erase(id);
  try {
    append(undone_line(id));
  } catch (const SystemError&) {
  }
  remove_if_empty();
}

void Journal::remove_if_empty() {
  if (!in_force_.empty()) return;
  folder_.remove(name_);
  file_.reset();
  ::rmdir(path_.c_str());  // fails while another run keeps a journal there
}

}  // namespace tlbstorm::os

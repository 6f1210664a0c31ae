// SPDX-License-Identifier: Apache-2.0
#include "harness/os/restore.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <thread>

#include "harness/os/error.hpp"
#include "harness/os/journal_file.hpp"
#include "harness/os/process.hpp"
#include "harness/os/text.hpp"

namespace tlbstorm::os {
namespace {

namespace fs = std::filesystem;

/// Takes the lock of a journal that nobody holds. A killed process is gone a moment before the kernel closes
/// its files, so the lock of one that is dying, or dead, is waited for.
bool take_lock(const Fd& file, const std::string& name) {
  using namespace std::chrono_literals;
  // "journal-<pid>.jsonl" or "journal-<pid>-<n>.jsonl", or "kept-..."
  const std::string stem = fs::path(name).stem();
  const std::string_view numbers = std::string_view(stem).substr(stem.find('-') + 1);
  const auto owner = to_number(numbers.substr(0, numbers.find('-')));
  for (auto waited = 0ms; waited < 30s; waited += 20ms) {
    if (::flock(file.get(), LOCK_EX | LOCK_NB) == 0) return true;
    if (!owner || lives(static_cast<pid_t>(*owner))) return false;
    std::this_thread::sleep_for(20ms);
  }
  return false;
}

/// Those that were written last come first: what they changed may be of what an earlier one had changed.
std::vector<std::string> journals_in(const Folder& folder, Leftovers which) {
  std::vector<std::pair<fs::file_time_type, std::string>> found;
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder.real_path(), error)) {
    const std::string name = entry.path().filename();
    if (name.starts_with(kRuns) || (name.starts_with(kKept) && which == Leftovers::all))
      found.emplace_back(entry.last_write_time(error), name);
  }
  std::sort(found.rbegin(), found.rend());
  std::vector<std::string> names;
  for (auto& [time, name] : found) names.push_back(std::move(name));
  return names;
}

/// Root must not do what somebody else wrote down.
void require_own_file(const Fd& file, const fs::path& path) {
  constexpr off_t kLargest = 16 << 20;
  struct stat status {};
  if (::fstat(file.get(), &status) != 0) throw SystemError("stat", path.native(), errno);
  if (status.st_uid != ::geteuid())
    throw Error(fmt::format("{}: this journal is another user's, so it is not obeyed", path.native()),
                "run `tlbstorm restore` as that user, or remove the file");
  if ((status.st_mode & (S_IWGRP | S_IWOTH)) != 0 || status.st_nlink > 1)
    throw Error(fmt::format("{}: others may have written this journal, so it is not obeyed", path.native()),
                fmt::format("look at it and remove it: rm {}", path.native()));
  if (status.st_size > kLargest)
    throw Error(fmt::format("{}: too large to be a journal", path.native()), "look at it and remove it");
}

/// A line that was cut off is taken away: it is of a change that was not made, or of one that is undone
/// again.
std::string whole_lines(const Fd& file, const fs::path& path) {
  std::string text = read_text(fmt::format("/proc/self/fd/{}", file.get()));
  const std::size_t end = text.rfind('\n');
  text.resize(end == std::string::npos ? 0 : end + 1);
  if (::ftruncate(file.get(), static_cast<off_t>(text.size())) != 0)
    throw SystemError("truncate", path.native(), errno);
  return text;
}

void take_back(const Change& change, bool same_boot, Restored& result) {
  const Undone undone = undo(change, same_boot);
  const std::string text = change.text();
  switch (undone.end) {
    case Undone::End::undone:
      result.undone.push_back(text);
      break;
    case Undone::End::nothing:
      break;
    case Undone::End::not_ours:
      result.left_alone.push_back(fmt::format("{}: {}", text, undone.why));
      break;
    case Undone::End::given_up:
      result.given_up.push_back(fmt::format("{}: {}", text, undone.why));
      break;
  }
}

/// Lines that make no sense are told once; the file is kept for whoever wants to look at it.
void put_aside(const Folder& folder, const std::string& name, const JournalText& left, Restored& result) {
  const std::string aside = fmt::format("{}{}", kDamaged, name);
  std::string what;
  if (!left.damaged.empty()) what = fmt::format("line {} of it can't be read", fmt::join(left.damaged, ", "));
  for (const std::string& kind : left.unknown)
    what += fmt::format("{}a change of kind '{}', which this version does not know", what.empty() ? "" : "; ",
                        kind);
  if (::renameat(folder.fd().get(), name.c_str(), folder.fd().get(), aside.c_str()) != 0)
    throw SystemError("rename", (folder / name).native(), errno);
  result.given_up.push_back(
      fmt::format("{}: {}; it is kept as {}", (folder / name).native(), what, (folder / aside).native()));
}

void restore_one(const Folder& folder, const std::string& name, Restored& result) {
  const auto file = folder.find(name, O_RDWR | O_APPEND);
  if (!file) return;  // its run has ended meanwhile
  require_own_file(*file, folder / name);
  if (!take_lock(*file, name)) {
    ++result.held;
    return;
  }
  if (!folder.find(name)) return;
  const JournalText left = parse_journal(whole_lines(*file, folder / name));
  const std::string boot = boot_id();
  const bool same_boot = left.boot.empty() || boot.empty() || left.boot == boot;
  bool clean = true;
  for (auto change = left.in_force.rbegin(); change != left.in_force.rend(); ++change) {
    if (!same_boot && !change->second.outlives_a_boot()) continue;
    try {
      take_back(change->second, same_boot, result);
      write_all(*file, undone_line(change->first) + "\n", folder / name);  // and not told again
    } catch (const Error& trouble) {
      result.troubles.push_back(
          {fmt::format("{}: {}", change->second.text(), trouble.what()), trouble.hint()});
      clean = false;
    }
  }
  if (!clean) return;
  if (left.unknown.empty() && left.damaged.empty())
    folder.remove(name);
  else
    put_aside(folder, name, left, result);
}

}  // namespace

Restored restore(const fs::path& path, Leftovers which) {
  Restored result;
  Folder folder;
  try {
    folder = Folder::open(path);
  } catch (const Error& problem) {
    const auto* const system = dynamic_cast<const SystemError*>(&problem);
    if (system == nullptr || system->code() != ENOENT)
      result.troubles.push_back(
          {fmt::format("its journal is not obeyed: {}", problem.what()), problem.hint()});
    return result;
  }
  for (const std::string& name : journals_in(folder, which)) try {
      restore_one(folder, name, result);
    } catch (const Error& problem) {
      result.troubles.push_back({problem.what(), problem.hint()});
    }
  ::rmdir(path.c_str());
  return result;
}

}  // namespace tlbstorm::os

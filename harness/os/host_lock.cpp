// SPDX-License-Identifier: Apache-2.0
#include "harness/os/host_lock.hpp"

#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <thread>

#include "harness/os/clock.hpp"
#include "harness/os/error.hpp"
#include "harness/os/folder.hpp"
#include "harness/os/journal.hpp"
#include "harness/os/process.hpp"
#include "harness/os/text.hpp"

namespace tlbstorm::os {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Nanoseconds kGlance = milliseconds{100};
constexpr Nanoseconds kDying = seconds{30};  // how long a killed holder may take to give its memory back

/// Opens the machine's lock: root's regular file. Empty when there is none and we can't make it.
Fd open_machine_lock(const fs::path& path) {
  const bool root = ::geteuid() == 0;
  // flock(2) needs no right to write, so nobody needs more than to read it. O_NONBLOCK: it may be a FIFO.
  Fd file(::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | (root ? O_CREAT : 0), 0644));
  if (!file && errno == ELOOP) throw Error(path.native() + ": it is a link, and no lock", "remove it");
  if (!file) return file;
  struct stat status {};
  if (::fstat(file.get(), &status) != 0) throw SystemError("stat", path.native(), errno);
  if (!S_ISREG(status.st_mode) || status.st_uid != 0)
    throw Error(fmt::format("{}: it is not a regular file of root's, so it is no lock", path.native()),
                fmt::format("look at it and remove it: rm {}", path.native()));
  if (root) ::fchmod(file.get(), 0644);  // whatever the umask
  return file;
}

/// Opens or makes a lock in a folder of the user's own; empty when that can't be.
Fd open_own_lock(const fs::path& place) {
  constexpr const char* kName = "tlbstorm.lock";
  try {
    const Folder folder = Folder::make(place, 0700);
    if (auto file = folder.find(kName)) return std::move(*file);
    try {
      return folder.create(kName, 0600);
    } catch (const SystemError&) {
      auto file = folder.find(kName);  // made by another run meanwhile
      return file ? std::move(*file) : Fd{};
    }
  } catch (const Error&) {
    return {};
  }
}

bool is_unlinked(const Fd& file) {
  struct stat status {};
  return ::fstat(file.get(), &status) == 0 && status.st_nlink == 0;
}

struct Opened {
  Fd file;
  HostLock::Reach reach = HostLock::Reach::nobody;
};
Opened open_lock(const HostLock::Places& places) {
  if (Fd file = open_machine_lock(places.machine)) return {std::move(file), HostLock::Reach::machine};
  for (const fs::path& place : places.own)
    if (Fd file = open_own_lock(place)) return {std::move(file), HostLock::Reach::user};
  return {};
}

[[noreturn]] void refuse(const LockHolder& holder) {
  throw UsageError(fmt::format("this machine is being measured already: {}", holder.text()),
                   "--wait waits for it; two runs at once would spoil each other's figures");
}

/// The process that a line of /proc/locks is about, if it is a flock of this file:
/// "1: FLOCK  ADVISORY  WRITE 1234 fe:00:5678 0 EOF", also "1: -> FLOCK ..." of one that waits.
std::optional<pid_t> holder_in(std::string_view line, const struct stat& file) {
  take_field(line);  // its number
  if (take_field(line) != "FLOCK") return std::nullopt;
  take_field(line);  // ADVISORY
  take_field(line);  // WRITE
  const std::string_view pid = take_field(line);
  const std::string id = fmt::format("{:02x}:{:02x}:{}", major(file.st_dev), minor(file.st_dev), file.st_ino);
  if (take_field(line) != id) return std::nullopt;
  return static_cast<pid_t>(to_number(pid).value_or(0));
}

std::string command_of(pid_t pid) {
  std::string command = try_read_text(fmt::format("/proc/{}/cmdline", pid)).value_or("");
  while (!command.empty() && command.back() == '\0') command.pop_back();
  std::replace(command.begin(), command.end(), '\0', ' ');
  constexpr std::size_t kLongest = 200;
  return command.size() > kLongest ? command.substr(0, kLongest) + "..." : command;
}

/// How long ago a process started.
Nanoseconds age_of(pid_t pid) {
  const auto ticks = start_ticks(pid);
  if (!ticks) return {};
  const auto since_boot = read_clock(CLOCK_BOOTTIME);
  return since_boot - seconds{1} * *ticks / static_cast<std::uint64_t>(::sysconf(_SC_CLK_TCK));
}

std::string age_text(Nanoseconds age) {
  const auto whole = std::chrono::duration_cast<seconds>(age).count();
  if (whole < 120) return fmt::format("{} s", whole);
  return whole < 7200 ? fmt::format("{} min", whole / 60) : fmt::format("{} h", whole / 3600);
}

}  // namespace

std::string LockHolder::text() const {
  if (pid == 0) return "by a process that can't be seen from here";
  return fmt::format("{} (pid {}), for {}", command.empty() ? "a process" : command, pid, age_text(age));
}

std::optional<LockHolder> holder_of(const Fd& file) {
  struct stat status {};
  if (::fstat(file.get(), &status) != 0) return std::nullopt;
  const std::string locks = try_read_text("/proc/locks").value_or("");
  for (std::string_view text = locks; !text.empty();)
    if (const auto pid = holder_in(take_line(text), status))
      return LockHolder{*pid, command_of(*pid), age_of(*pid)};
  return std::nullopt;
}

HostLock::Places::Places() : machine("/run/tlbstorm.lock") {
  if (const char* const folder = std::getenv("XDG_RUNTIME_DIR"); folder != nullptr && *folder == '/')
    own.emplace_back(folder);
  try {
    own.push_back(state_folder());
  } catch (const Error&) {  // a user without a home
  }
}

HostLock HostLock::take(Nanoseconds patience, const std::function<void(const LockHolder&)>& waits,
                        const Places& places) {
  Opened lock = open_lock(places);
  if (!lock.file) return {Fd{}, Reach::nobody};
  const Nanoseconds began = now();
  constexpr int kUnseen = 10;
  int unseen = 0;
  bool told = false;
  for (;;) {
    if (::flock(lock.file.get(), LOCK_EX | LOCK_NB) == 0) {
      if (!is_unlinked(lock.file)) return {std::move(lock.file), lock.reach};
      lock = open_lock(places);  // someone removed it and made another
      continue;
    }
    if (errno != EWOULDBLOCK && errno != EINTR) throw SystemError("lock", places.machine.native(), errno);
    const auto found = holder_of(lock.file);
    if (!found && ++unseen < kUnseen)
      continue;  // it was given back just now, or its holder is hidden from us
    const LockHolder holder = found.value_or(LockHolder{});
    if (holder.pid != 0 && is_ancestor(holder.pid)) return {Fd{}, Reach::inherited};
    const bool dying = holder.pid != 0 && !lives(holder.pid);
    if (now() - began >= std::max(patience, dying ? kDying : Nanoseconds{0})) refuse(holder);
    if (!told && !dying) waits(holder);
    told = told || !dying;
    std::this_thread::sleep_for(kGlance);
  }
}

}  // namespace tlbstorm::os

// SPDX-License-Identifier: Apache-2.0
// Changes to the machine, written down before they are made and always taken back.
//
// A journal is one file of JSON lines in the state folder, held under flock(2) while its run lives. It is on
// disk (fsync) before a change is made; it is gone when everything in it has been undone. A journal that
// nobody holds was left by a run that was killed: restore() undoes it.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "harness/os/fd.hpp"

namespace tlbstorm::os {

/// One change and what is needed to take it back. All of it is text, so that any later version can read it.
struct Change {
  enum class Kind {
    file,         ///< target: a file that we made; undone by unlink
    swap,         ///< target: an area that we swapped on; undone by swapoff
    cgroup,       ///< target: a cgroup that we made; undone by killing what is in it and rmdir
    value,        ///< target: a kernel file (sysctl, sysfs) that held `before`; undone by writing that back
    zram_add,     ///< before: the zram devices that there were; undone by removing an unused one that is not
                  ///< among them
    zram,         ///< target: a zram device that we hot-added; undone by reset and hot_remove
    swap_header,  ///< target: a device that got our swap header; before: that header's UUID; undone by
                  ///< zeroing its first and last MiB if it still bears it
  };
  Kind kind;
  std::string target;
  std::string before;

  /// "swap on /dev/zram1", for messages.
  std::string text() const;
};

/// Takes one change back; harmless when it is back already. Throws SystemError. Refuses (Error) to remove a
/// file or cgroup that does not bear our name.
void undo(const Change& change);

/// Where journals are kept: $TLBSTORM_STATE_DIR, else /var/lib/tlbstorm for root, else
/// $XDG_STATE_HOME/tlbstorm or
/// ~/.local/state/tlbstorm. On disk, so that it outlives a power cut.
std::filesystem::path state_folder();

/// The name that everything we make on the machine bears: "tlbstorm-<pid>".
std::string own_name();

class Journal;

/// A change in force. Undone when destroyed, or by undo() where the error matters.
class Applied {
 public:
  Applied() = default;
  Applied(Applied&& other) noexcept;
  Applied& operator=(Applied&& other) noexcept;
  ~Applied();
  void undo();

 private:
  friend class Journal;
  Applied(Journal& journal, int id) : journal_(&journal), id_(id) {}
  Journal* journal_ = nullptr;
  int id_ = 0;
};

class Journal {
 public:
  explicit Journal(std::filesystem::path folder = state_folder());
  Journal(const Journal&) = delete;
  Journal& operator=(const Journal&) = delete;
  ~Journal();

  /// Writes the change down, then makes it. If make() throws, the change counts as not made.
  [[nodiscard]] Applied apply(const Change& change, const std::function<void()>& make);

  /// Leaves all that is in force as it is, for restore(Leftovers::all) to take back. The journal is done
  /// then.
  void keep_in_force();

  /// What could not be undone, a line each; the journal's file then stays for `tlbstorm restore`.
  const std::vector<std::string>& problems() const { return problems_; }

 private:
  friend class Applied;
  void open();
  void append(const std::string& line);
  void settle(int id);
  void undo(int id);
  void remove_if_empty();

  std::filesystem::path folder_;
  std::filesystem::path path_;
  Fd file_;
  int next_id_ = 1;
  std::map<int, Change> in_force_;
  std::vector<std::string> problems_;
};

/// What restore() found in journals that nobody holds.
struct Restored {
  std::vector<std::string> undone;
  std::vector<std::string> problems;
  int held = 0;  ///< journals of runs that still live, left alone
};

/// What restore() takes back: what killed runs left alone, or also what was kept in force on purpose.
enum class Leftovers { of_killed_runs, all };

/// Undoes what is left. Changes made before the last boot that don't outlive one are only forgotten.
Restored restore(const std::filesystem::path& folder = state_folder(),
                 Leftovers which = Leftovers::of_killed_runs);

}  // namespace tlbstorm::os

// SPDX-License-Identifier: Apache-2.0
// Changes to the machine, written down before they are made and always taken back, newest first.
//
// A journal is one file of JSON lines in the state folder, held under flock(2) while its run lives. It is on
// disk (fsync) before a change is made; it is gone when everything in it has been undone. A journal that
// nobody holds was left by a run that was killed: os/restore.hpp undoes it.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "harness/os/change.hpp"
#include "harness/os/fd.hpp"
#include "harness/os/folder.hpp"
#include "harness/os/places.hpp"

namespace tlbstorm::os {

/// Something that could not be taken back, and what the user can do about it.
struct Trouble {
  std::string what;
  std::string remedy;
};

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
  /// Undoes what is in force; undo_all() before it tells what could not be.
  ~Journal();

  /// Writes the change down, then makes it; make() returns its proof, or "" if the change has one already. It
  /// is in force until undo_all(). If make() throws, the change counts as not made.
  void make(const Change& change, const std::function<std::string()>& make);
  /// The same for a change that ends with the object.
  [[nodiscard]] Applied apply(const Change& change, const std::function<std::string()>& make);
  /// For something whose name is known only once it is there, such as a zram device: make() runs in a process
  /// of its own, which writes down what became of `intent` even if this one is killed meanwhile.
  Change make_apart(const Change& intent, const std::function<Change()>& make);

  /// Undoes all that is in force, newest first, and says what could not be; its file then stays for
  /// restore().
  std::vector<Trouble> undo_all();
  /// Leaves all that is in force as it is, for restore(Leftovers::all) to take back. The journal is done
  /// then.
  void keep_in_force();

 private:
  friend class Applied;
  int begin(const Change& change);
  int add(const Change& change, const std::function<std::string()>& make);
  void open();
  void append(const std::string& line);
  void settle(int id);
  void undo(int id);
  void remove_if_empty();

  std::filesystem::path path_;
  Folder folder_;
  std::string name_;  ///< of the file in the folder
  Fd file_;
  int next_id_ = 1;
  std::map<int, Change> in_force_;
  std::map<int, Trouble> troubles_;
};

}  // namespace tlbstorm::os

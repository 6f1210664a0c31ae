// SPDX-License-Identifier: Apache-2.0
// A folder that is ours. Everything that tlbstorm keeps, in a run folder, in the journal's, in the cache, or
// as a swap file, is made through one: opened once, and from then on by its descriptor, so that nobody can
// lead the hand of root to another place by a link or by another folder of the same name.
//
// Ours is a folder that belongs to the caller or to root and in which no one else may write; the group may if
// it is its owner's own. The folders above it only have to be folders: a link among them is refused.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "harness/os/fd.hpp"

namespace tlbstorm::os {

class Folder {
 public:
  Folder() = default;  ///< none
  /// Opens an existing one. Throws SystemError when it can't be opened, Error when it is not ours.
  static Folder open(const std::filesystem::path& path);
  /// Makes it, and what is missing above it with mode 0755, whatever the umask says; one that exists is
  /// opened.
  static Folder make(const std::filesystem::path& path, mode_t mode = 0755);

  /// Whether make() could go as far as the path exists; makes nothing. Throws as make() does.
  static void check(const std::filesystem::path& path);

  /// Makes a file, never one that exists, for reading and writing. Throws SystemError (EEXIST).
  Fd create(const std::string& name, mode_t mode = 0644) const;
  /// Makes a file without a name, which ends with its last user unless it is given one. Throws SystemError.
  Fd create_unnamed(mode_t mode = 0600) const;
  /// Gives it one that is free. Throws SystemError (EEXIST).
  void give_name(const Fd& unnamed, const std::string& name) const;
  /// Replaces or makes a file so that a reader sees the old or the new text, never half.
  void replace(const std::string& name, std::string_view text, mode_t mode = 0644) const;
  /// Opens a regular file that is there, not through a link; nothing when there is none.
  std::optional<Fd> find(const std::string& name, int flags = O_RDONLY) const;
  /// False when there is none.
  bool remove(const std::string& name) const;
  bool is_empty() const;
  /// Makes names in it outlive a power cut.
  void sync() const;

  explicit operator bool() const { return static_cast<bool>(fd_); }
  const Fd& fd() const { return fd_; }
  /// As it was given.
  const std::filesystem::path& path() const { return path_; }
  /// Absolute and without links.
  std::filesystem::path real_path() const;
  /// Of a name in it, as it was given.
  std::filesystem::path operator/(const std::string& name) const { return path_ / name; }

 private:
  Folder(Fd fd, std::filesystem::path path) : fd_(std::move(fd)), path_(std::move(path)) {}
  Fd fd_;
  std::filesystem::path path_;
};

/// Writes a file that the user named, wherever that is: a new file takes the name at the end, so that a
/// reader sees the old or the new text, and a link or a file that someone put there is not written to. Throws
/// SystemError, or Error when there is something that is no file.
void write_named_file(const std::filesystem::path& path, std::string_view text);

}  // namespace tlbstorm::os

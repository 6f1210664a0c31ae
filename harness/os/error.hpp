// SPDX-License-Identifier: Apache-2.0
// The exceptions of tlbstorm. Every error says in its first line what failed, and in its second, the hint,
// what the user can do about it. cli/ catches them once, at the top of each subcommand.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

namespace tlbstorm::os {

/// Something that could not be done. what() is one line without a full stop; hint() may be empty.
class Error : public std::runtime_error {
 public:
  explicit Error(const std::string& what, std::string hint = {})
      : std::runtime_error(what), hint_(std::move(hint)) {}
  const std::string& hint() const { return hint_; }

 private:
  std::string hint_;
};

/// The user asked for something that can't be: exit code 2. Thrown before anything on the machine is touched.
class UsageError : public Error {
 public:
  using Error::Error;
  /// "--memory 3X: not a size", with the remedy as hint. An empty value is shown as ''.
  UsageError(std::string_view option, std::string_view value, std::string_view problem, std::string remedy);
  /// Without option and value; empty if they were not given apart.
  const std::string& problem() const { return problem_; }

 private:
  std::string problem_;
};

/// What `read` makes of a part of a value. If it refuses the part, the refusal names the whole value, too.
template <typename Read>
auto part_of(std::string_view option, std::string_view value, std::string_view part, Read read) {
  try {
    return read(part);
  } catch (const UsageError& error) {
    const std::string which = part == value ? "" : "'" + std::string(part) + "': ";
    throw UsageError(option, value, which + error.problem(), error.hint());
  }
}

/// A system call that failed: "open /proc/swaps: Permission denied".
class SystemError : public Error {
 public:
  SystemError(std::string_view operation, std::string_view path, int error, std::string hint = {});
  int code() const { return code_; }

 private:
  int code_;
};

/// The text of an errno value, thread-safe.
std::string errno_text(int error);

}  // namespace tlbstorm::os

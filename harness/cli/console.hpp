// SPDX-License-Identifier: Apache-2.0
// The standard streams: the result goes to standard output, everything else that is said to standard error.
// What can't be said never ends a run; a result that can't be written is told by the exit code.
#pragma once

#include <fmt/format.h>

#include <optional>
#include <string>
#include <string_view>

namespace tlbstorm::cli {

/// The first thing that a program does. A closed stream gets /dev/null in the wrong direction: no file that
/// is opened later takes its number, and writing a result to it fails as it would have (so does glibc for
/// set-user-ID programs, csu/check_fds.c). A reader that has gone and a file that may not grow are errors of
/// a write from now on, not signals that end us; what we start gets the signals as they were.
void take_standard_streams();

/// Writes to standard error what is safe to show (os/printable.hpp); from the first failure on, to nowhere.
void say(std::string_view text) noexcept;
/// The same, unless standard error would make us wait (a terminal that is stopped, a pipe that is full): then
/// nobody sees it.
void show(std::string_view text) noexcept;

template <typename... T>
void say(fmt::format_string<T...> format, const T&... arguments) noexcept {
  try {
    say(std::string_view(fmt::vformat(format, fmt::make_format_args(arguments...))));
  } catch (...) {  // no memory for a message: go on without it
  }
}
template <typename... T>
void show(fmt::format_string<T...> format, const T&... arguments) noexcept {
  try {
    show(std::string_view(fmt::vformat(format, fmt::make_format_args(arguments...))));
  } catch (...) {
  }
}

/// Whether a stream is painted: a terminal, unless NO_COLOR forbids it (no-color.org).
bool may_paint(int stream);

/// Writes out what is still buffered of the result. Why not all of it is out, as far as we know; nothing when
/// it is. Empty when its reader did not want more: it knows.
std::optional<std::string> why_not_written();

}  // namespace tlbstorm::cli

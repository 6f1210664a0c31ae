// SPDX-License-Identifier: Apache-2.0
// Text that is safe to show: names of files, options and what others' files say may hold bytes that a
// terminal obeys. They are written as "\x1b" instead: all control bytes but tab and line ends, the control
// characters U+0080 to U+009F, DEL, and whatever is no UTF-8.
//
// It happens in two places. What is read of others' files is made printable as it is read, line ends too
// (record/), so nothing of it can pass for a line of ours. And whatever leaves the tool by cli::say() and, in
// PrintableOutput, by std::cout is made so there. Our own colours are therefore written with kInk where a
// terminal wants ESC: a byte that no argument, no file's name and no text that was read can hold. It becomes
// ESC on its way out, so nobody else's ESC can pass for one of ours.
#pragma once

#include <iosfwd>
#include <streambuf>
#include <string>
#include <string_view>

namespace tlbstorm::os {

bool is_utf8(std::string_view text);

/// The text with such bytes written as "\x1b"; its line ends stay.
std::string printable(std::string_view text);
/// The same in one line: line ends are written as "\x0a".
std::string printable_line(std::string_view text);

inline constexpr char kInk = '\0';
/// What a terminal should do, as "[31m" or "[K".
std::string ink(std::string_view code);
/// The text as a terminal gets it: printable, with ESC for kInk.
std::string shown(std::string_view text);

/// Passes on what is shown, line by line.
class PrintableBuffer final : public std::streambuf {
 public:
  explicit PrintableBuffer(std::streambuf* target) : target_(target) {}

 protected:
  int_type overflow(int_type character) override;
  std::streamsize xsputn(const char* text, std::streamsize size) override;
  int sync() override;

 private:
  bool pass_on(std::size_t size);
  std::streambuf* target_;
  std::string pending_;
};

/// While it lives, std::cout prints through such a buffer.
class PrintableOutput {
 public:
  PrintableOutput();
  ~PrintableOutput();
  PrintableOutput(const PrintableOutput&) = delete;
  PrintableOutput& operator=(const PrintableOutput&) = delete;

 private:
  std::streambuf* before_;
  PrintableBuffer buffer_;
};

}  // namespace tlbstorm::os

// SPDX-License-Identifier: Apache-2.0
#include "harness/os/printable.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <iostream>

namespace tlbstorm::os {
namespace {

std::uint8_t byte(char c) { return static_cast<std::uint8_t>(c); }
bool within(char c, int low, int high) { return byte(c) >= low && byte(c) <= high; }

/// How many bytes the UTF-8 character at the front has; 0 where there is none (The Unicode Standard, table
/// 3-7: nothing overlong, no surrogates, nothing beyond U+10FFFF).
std::size_t character_size(std::string_view text) {
  struct Form {
    int first_low, first_high, second_low, second_high;
    std::size_t size;
  };
  static constexpr Form kForms[]{{0xC2, 0xDF, 0x80, 0xBF, 2}, {0xE0, 0xE0, 0xA0, 0xBF, 3},
                                 {0xE1, 0xEC, 0x80, 0xBF, 3}, {0xED, 0xED, 0x80, 0x9F, 3},
                                 {0xEE, 0xEF, 0x80, 0xBF, 3}, {0xF0, 0xF0, 0x90, 0xBF, 4},
                                 {0xF1, 0xF3, 0x80, 0xBF, 4}, {0xF4, 0xF4, 0x80, 0x8F, 4}};
  if (within(text[0], 0, 0x7F)) return 1;
  for (const Form& form : kForms) {
    if (!within(text[0], form.first_low, form.first_high)) continue;
    if (text.size() < form.size || !within(text[1], form.second_low, form.second_high)) return 0;
    for (std::size_t i = 2; i < form.size; ++i)
      if (!within(text[i], 0x80, 0xBF)) return 0;
    return form.size;
  }
  return 0;
}

bool is_control(std::string_view character) {
  if (character.size() == 1) return within(character[0], 0, 0x1F) || character[0] == '\x7F';
  return character.size() == 2 && character[0] == '\xC2' && within(character[1], 0x80, 0x9F);
}

std::string escaped(std::string_view text, std::string_view kept) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const std::size_t size = character_size(text);
    const std::string_view character = text.substr(0, std::max<std::size_t>(size, 1));
    const bool plain = size > 0 && !is_control(character);
    // A carriage return alone would go over what stands in the line.
    const bool line_end = text.starts_with("\r\n") && kept.find('\n') != std::string_view::npos;
    if (plain || line_end || kept.find(character[0]) != std::string_view::npos)
      out += character;
    else
      for (const char c : character) fmt::format_to(std::back_inserter(out), "\\x{:02x}", byte(c));
    text.remove_prefix(character.size());
  }
  return out;
}

/// The length of one of our own codes at the front: kInk "[31m"; 0 where there is none.
std::size_t code_size(std::string_view text) {
  if (text.size() < 3 || text[0] != kInk || text[1] != '[') return 0;
  const std::size_t end = text.find_first_not_of("0123456789;", 2);
  return end != std::string_view::npos && within(text[end], 'A', 'z') ? end + 1 : 0;
}

}  // namespace

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const std::size_t size = character_size(text);
    if (size == 0) return false;
    text.remove_prefix(size);
  }
  return true;
}

std::string printable(std::string_view text) { return escaped(text, "\t\n"); }
std::string printable_line(std::string_view text) { return escaped(text, "\t"); }

std::string ink(std::string_view code) { return kInk + std::string(code); }

std::string shown(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    std::size_t size = code_size(text);
    if (size > 0) {
      out += '\x1B';
      out += text.substr(1, size - 1);
    } else {
      size = std::max<std::size_t>(1, std::min(text.find(kInk), text.size()));
      out += printable(text.substr(0, size));
    }
    text.remove_prefix(size);
  }
  return out;
}

bool PrintableBuffer::pass_on(std::size_t size) {
  const std::string out = shown(std::string_view(pending_).substr(0, size));
  pending_.erase(0, size);
  const auto length = static_cast<std::streamsize>(out.size());
  return target_->sputn(out.data(), length) == length;
}

PrintableBuffer::int_type PrintableBuffer::overflow(int_type character) {
  if (traits_type::eq_int_type(character, traits_type::eof())) return traits_type::not_eof(character);
  const char c = traits_type::to_char_type(character);
  return xsputn(&c, 1) == 1 ? character : traits_type::eof();
}

std::streamsize PrintableBuffer::xsputn(const char* text, std::streamsize size) {
  pending_.append(text, static_cast<std::size_t>(size));
  const std::size_t line_end = pending_.rfind('\n');
  return line_end == std::string::npos || pass_on(line_end + 1) ? size : 0;
}

int PrintableBuffer::sync() { return pass_on(pending_.size()) && target_->pubsync() == 0 ? 0 : -1; }

PrintableOutput::PrintableOutput() : before_(std::cout.rdbuf()), buffer_(before_) {
  std::cout.rdbuf(&buffer_);
}

PrintableOutput::~PrintableOutput() {
  std::cout.flush();
  const std::ios::iostate state = std::cout.rdstate();
  std::cout.rdbuf(before_);  // forgets that something failed
  std::cout.setstate(state);
}

}  // namespace tlbstorm::os

// SPDX-License-Identifier: Apache-2.0
#include "harness/trial/option.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cctype>

#include "harness/os/error.hpp"
#include "harness/os/named_path.hpp"

namespace tlbstorm::trial {
namespace {

using os::UsageError;

/// The largest number of 64 bits is no double.
std::uint64_t most_of(const Range& range) {
  constexpr double kBeyond = 18446744073709551616.0;  // 2^64
  return range.most >= kBeyond ? ~std::uint64_t{0} : static_cast<std::uint64_t>(range.most);
}

bool is_choice(const Choice& choice, const std::string& text) {
  const std::size_t colon = choice.value.find(':');
  return colon == std::string::npos
             ? text == choice.value
             : text.starts_with(choice.value.substr(0, colon + 1)) && text.size() > colon + 1;
}

bool is_word(const std::string& text) {
  constexpr std::size_t kLongest = 100;
  const bool plain = std::all_of(text.begin(), text.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '-' || c == '_' || c == '.';
  });
  return plain && !text.starts_with(".") && text.size() <= kLongest;
}

}  // namespace

std::string_view Option::placeholder() const {
  static constexpr std::array<std::string_view, 15> kNames{"",     "N",    "NUMBER", "RATIO", "PERCENT",
                                                           "SIZE", "SIZE", "TIME",   "WORD",  "LIST",
                                                           "LIST", "WORD", "FOLDER", "PATH",  "TEXT"};
  return kNames[static_cast<std::size_t>(type)];
}

std::uint64_t Option::whole(const std::string& text) const {
  return os::parse_whole(dashed(), text, static_cast<std::uint64_t>(range.least), most_of(range));
}

double Option::number(const std::string& text) const {
  if (type == Type::ratio) return os::parse_real(dashed(), text, 0, 1);
  if (type != Type::share) return os::parse_real(dashed(), text, range.least, range.most);
  if (!text.ends_with('%'))
    throw UsageError(dashed(), text, "not a percentage", "give a share of a CPU such as 0.5%");
  return os::part_of(dashed(), text, text.substr(0, text.size() - 1), [&](std::string_view part) {
    return os::parse_real(dashed(), part, range.least, range.most) / 100;
  });
}

os::Nanoseconds Option::duration(const std::string& text) const {
  const os::Nanoseconds time = os::parse_duration(dashed(), text);
  if (static_cast<double>(time.count()) < range.least)
    throw UsageError(dashed(), text, range.problem.empty() ? "too short" : range.problem, range.remedy);
  return time;
}

std::size_t Option::choice(const std::string& text) const {
  const auto found =
      std::find_if(choices.begin(), choices.end(), [&](const Choice& one) { return is_choice(one, text); });
  if (found != choices.end()) return static_cast<std::size_t>(found - choices.begin());
  std::vector<std::string_view> values;
  for (const Choice& one : choices) values.push_back(one.value);
  throw UsageError(dashed(), text, "not one of its values",
                   fmt::format("give one of: {}", fmt::join(values, ", ")));
}

void Option::check(const std::string& text, os::Bytes whole_size) const {
  switch (type) {
    case Type::size:
    case Type::worker_size:
      os::parse_size(dashed(), text, whole_size);
      break;
    case Type::whole:
      whole(text);
      break;
    case Type::number:
    case Type::ratio:
    case Type::share:
      number(text);
      break;
    case Type::duration:
      duration(text);
      break;
    case Type::choice:
      choice(text);
      break;
    case Type::flag:
      if (text != "true" && text != "false")
        throw UsageError(dashed(), text, "not a switch", "leave the value out, or give true or false");
      break;
    case Type::cpus:
      os::parse_list(dashed(), text);
      break;
    case Type::list:
      os::split_list(dashed(), text);
      break;
    case Type::word:
      if (!is_word(text))
        throw UsageError(dashed(), text, "not a plain word",
                         "use letters, digits, '-', '_' and '.', 100 at most");
      break;
    case Type::folder:
      os::nearest_folder(dashed(), text);
      break;
    case Type::path:
    case Type::text:
      break;
  }
}

}  // namespace tlbstorm::trial

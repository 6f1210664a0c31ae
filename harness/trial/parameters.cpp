// SPDX-License-Identifier: Apache-2.0
#include "harness/trial/parameters.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>

#include "harness/os/error.hpp"

namespace tlbstorm::trial {
namespace {

std::string option(const std::string& name) { return "--" + name; }

template <typename Number>
Number parse_number(const std::string& name, const std::string& text, const std::string& remedy) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size())
    throw os::UsageError(option(name), text, "not a number", remedy);
  return value;
}

bool is_choice(const Parameter& declared, const std::string& value) {
  return std::any_of(declared.choices.begin(), declared.choices.end(), [&](const std::string& choice) {
    const std::size_t colon = choice.find(':');
    return colon == std::string::npos
               ? value == choice
               : value.starts_with(choice.substr(0, colon + 1)) && value.size() > colon + 1;
  });
}

}  // namespace

Parameters::Parameters(const std::vector<Parameter>& declared) {
  for (const Parameter& parameter : declared)
    entries_[parameter.name] = {parameter, parameter.standard, false};
}

const Parameters::Entry& Parameters::entry(const std::string& name) const {
  const auto found = entries_.find(name);
  if (found == entries_.end()) throw os::Error("the workload has no parameter " + name);
  return found->second;
}

void Parameters::set(const std::string& name, const std::string& value, bool given) {
  Entry next = entry(name);
  next.value = value;
  next.given = next.given || given;
  check(next);
  entries_[name] = next;
}

void Parameters::check(const Entry& entry) const {
  const Parameter& declared = entry.declared;
  switch (declared.type) {
    case Parameter::Type::size:
      os::parse_size(option(declared.name), entry.value, whole_);
      break;
    case Parameter::Type::integer:
      if (parse_number<std::int64_t>(declared.name, entry.value, "give a whole number") < 0)
        throw os::UsageError(option(declared.name), entry.value, "negative", "give a whole number");
      break;
    case Parameter::Type::ratio:
      if (const double r = parse_number<double>(declared.name, entry.value, "give a number from 0 to 1");
          !(r >= 0 && r <= 1))
        throw os::UsageError(option(declared.name), entry.value, "out of range", "give a number from 0 to 1");
      break;
    case Parameter::Type::choice:
      if (!is_choice(declared, entry.value))
        throw os::UsageError(option(declared.name), entry.value, "not one of its values",
                             fmt::format("give one of: {}", fmt::join(declared.choices, ", ")));
      break;
    case Parameter::Type::flag:
      if (entry.value != "true" && entry.value != "false")
        throw os::UsageError(option(declared.name), entry.value, "not a switch", "give true or false");
      break;
    case Parameter::Type::text:
      break;
  }
}

bool Parameters::given(const std::string& name) const { return entry(name).given; }
os::Bytes Parameters::size(const std::string& name) const {
  return os::parse_size(option(name), entry(name).value, whole_);
}
std::int64_t Parameters::integer(const std::string& name) const {
  return parse_number<std::int64_t>(name, entry(name).value, "give a whole number");
}
double Parameters::ratio(const std::string& name) const {
  return parse_number<double>(name, entry(name).value, "give a number from 0 to 1");
}
bool Parameters::flag(const std::string& name) const { return entry(name).value == "true"; }
const std::string& Parameters::text(const std::string& name) const { return entry(name).value; }

std::map<std::string, std::string> Parameters::values() const {
  std::map<std::string, std::string> all;
  for (const auto& [name, entry] : entries_) all[name] = entry.value;
  return all;
}

}  // namespace tlbstorm::trial

// SPDX-License-Identifier: Apache-2.0
#include "harness/trial/parameters.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "harness/os/error.hpp"
#include "harness/os/named_path.hpp"

namespace tlbstorm::trial {
namespace {

std::string option(const std::string& name) { return "--" + name; }

std::uint64_t parse_integer(const Parameter& declared, const std::string& text) {
  return os::parse_whole(option(declared.name), text, static_cast<std::uint64_t>(declared.range.least),
                         static_cast<std::uint64_t>(declared.range.most));
}

/// The value of a number or a ratio.
double parse_number(const Parameter& declared, const std::string& text) {
  const bool share = declared.type == Parameter::Type::ratio;
  const auto [least, most] = share ? Parameter::Range{0, 1} : declared.range;
  return os::parse_real(option(declared.name), text, least, most);
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
    case Parameter::Type::worker_size:
      os::parse_size(option(declared.name), entry.value, whole_for(declared));
      break;
    case Parameter::Type::integer:
      parse_integer(declared, entry.value);
      break;
    case Parameter::Type::number:
    case Parameter::Type::ratio:
      parse_number(declared, entry.value);
      break;
    case Parameter::Type::duration:
      os::parse_duration(option(declared.name), entry.value);
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
    case Parameter::Type::numbers:
      os::parse_list(option(declared.name), entry.value);
      break;
    case Parameter::Type::folder:
      os::nearest_folder(option(declared.name), entry.value);
      break;
    case Parameter::Type::text:
      break;
  }
}

void Parameters::set_whole(os::Bytes memory, int workers) {
  whole_ = memory;
  workers_ = workers;
}
os::Bytes Parameters::whole_for(const Parameter& declared) const {
  const bool each = declared.type == Parameter::Type::worker_size;
  return each ? whole_ / static_cast<std::uint64_t>(workers_) : whole_;
}

bool Parameters::given(const std::string& name) const { return entry(name).given; }
os::Bytes Parameters::size(const std::string& name) const {
  const Entry& found = entry(name);
  return os::parse_size(option(name), found.value, whole_for(found.declared));
}
std::int64_t Parameters::integer(const std::string& name) const {
  const Entry& found = entry(name);
  return static_cast<std::int64_t>(parse_integer(found.declared, found.value));
}
double Parameters::number(const std::string& name) const {
  const Entry& found = entry(name);
  return parse_number(found.declared, found.value);
}
os::Nanoseconds Parameters::duration(const std::string& name) const {
  return os::parse_duration(option(name), entry(name).value);
}
bool Parameters::flag(const std::string& name) const { return entry(name).value == "true"; }
const std::string& Parameters::text(const std::string& name) const { return entry(name).value; }

std::map<std::string, std::string> Parameters::values() const {
  std::map<std::string, std::string> all;
  for (const auto& [name, entry] : entries_) {
    const bool share = entry.declared.is_size() && entry.value.find('%') != std::string::npos;
    all[name] = share ? std::to_string(size(name).count) : entry.value;
  }
  return all;
}

}  // namespace tlbstorm::trial

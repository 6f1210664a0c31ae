// SPDX-License-Identifier: Apache-2.0
#include "harness/trial/parameters.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "harness/os/error.hpp"
#include "harness/os/named_path.hpp"

namespace tlbstorm::trial {
Parameters::Parameters(const std::vector<Option>& declared) {
  for (const Option& parameter : declared) entries_[parameter.name] = {parameter, parameter.standard, false};
}

Parameters Parameters::recorded(const std::map<std::string, std::string>& values,
                                const std::vector<std::string>& sizes) {
  Parameters all;
  for (const auto& [name, value] : values) {
    // A percentage is of a machine that is not here.
    const bool size =
        std::find(sizes.begin(), sizes.end(), name) != sizes.end() && value.find('%') == std::string::npos;
    all.entries_[name] = {
        {.name = name, .type = size ? Option::Type::size : Option::Type::text, .help = ""}, value, true};
  }
  return all;
}

std::vector<std::string> Parameters::sizes() const {
  std::vector<std::string> names;
  for (const auto& [name, entry] : entries_)
    if (entry.declared.is_size()) names.push_back(name);
  return names;
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
  next.declared.check(value, whole_for(next.declared));
  entries_[name] = next;
}

void Parameters::set_whole(os::Bytes memory, int workers) {
  whole_ = memory;
  workers_ = workers;
}
os::Bytes Parameters::whole_for(const Option& declared) const {
  const bool each = declared.type == Option::Type::worker_size;
  return each ? whole_ / static_cast<std::uint64_t>(workers_) : whole_;
}

bool Parameters::given(const std::string& name) const { return entry(name).given; }
os::Bytes Parameters::size(const std::string& name) const {
  const Entry& found = entry(name);
  return os::parse_size(found.declared.dashed(), found.value, whole_for(found.declared));
}
std::int64_t Parameters::integer(const std::string& name) const {
  const Entry& found = entry(name);
  return static_cast<std::int64_t>(found.declared.whole(found.value));
}
double Parameters::number(const std::string& name) const {
  const Entry& found = entry(name);
  return found.declared.number(found.value);
}
os::Nanoseconds Parameters::duration(const std::string& name) const {
  const Entry& found = entry(name);
  return found.declared.duration(found.value);
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

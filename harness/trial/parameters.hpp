// SPDX-License-Identifier: Apache-2.0
// A workload's own options: declared as data, given as text, read as types.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "harness/os/units.hpp"

namespace tlbstorm::trial {

/// One option of a workload: what `--help`, the docs and the manifest need.
struct Parameter {
  /// A folder is there or can be made; numbers are a list such as 0-3,8.
  enum class Type {
    size,
    worker_size,
    integer,
    number,
    ratio,
    duration,
    choice,
    numbers,
    folder,
    text,
    flag
  };
  /// What a number may be; a ratio is from 0 to 1 in any case.
  struct Range {
    double least = 0;
    double most = 1e9;
  };
  std::string name;  ///< without the dashes
  Type type = Type::text;
  std::string standard;  ///< the default as the user would write it; "" is "worked out when the plan is made"
  std::string help;
  std::vector<std::string> choices = {};  ///< for a choice; "zipf:THETA" accepts any text after the colon
  Range range = {};                       ///< for an integer or a number

  bool is_size() const { return type == Type::size || type == Type::worker_size; }
};

/// Values of a workload's parameters. A value that can't be read throws os::UsageError with option, value and
/// remedy.
class Parameters {
 public:
  Parameters() = default;
  /// Every parameter with its default.
  explicit Parameters(const std::vector<Parameter>& declared);

  /// Checks the value against the declaration. `given` marks it as the user's own word.
  void set(const std::string& name, const std::string& value, bool given);
  bool given(const std::string& name) const;

  os::Bytes size(const std::string& name) const;
  std::int64_t integer(const std::string& name) const;
  /// Of a number or a ratio.
  double number(const std::string& name) const;
  os::Nanoseconds duration(const std::string& name) const;
  bool flag(const std::string& name) const;
  const std::string& text(const std::string& name) const;

  /// All values by name, as text, for the manifest; sizes that are a share of memory in bytes.
  std::map<std::string, std::string> values() const;
  /// What a percentage in a size is of: the machine's memory, for a worker_size by the number of workers.
  void set_whole(os::Bytes memory, int workers);

 private:
  struct Entry {
    Parameter declared;
    std::string value;
    bool given = false;
  };
  const Entry& entry(const std::string& name) const;
  void check(const Entry& entry) const;
  os::Bytes whole_for(const Parameter& declared) const;

  std::map<std::string, Entry> entries_;
  os::Bytes whole_;
  int workers_ = 1;
};

}  // namespace tlbstorm::trial

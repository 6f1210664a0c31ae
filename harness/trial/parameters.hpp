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
  enum class Type { size, integer, ratio, choice, text, flag };
  std::string name;  ///< without the dashes
  Type type = Type::text;
  std::string standard;  ///< the default as the user would write it; "" is "worked out when the plan is made"
  std::string help;
  std::vector<std::string> choices = {};  ///< for a choice; "zipf:THETA" accepts any text after the colon
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
  double ratio(const std::string& name) const;
  bool flag(const std::string& name) const;
  const std::string& text(const std::string& name) const;

  /// All values by name, as text, for the manifest.
  std::map<std::string, std::string> values() const;
  /// What a percentage in a size is of.
  void set_whole(os::Bytes memory) { whole_ = memory; }

 private:
  struct Entry {
    Parameter declared;
    std::string value;
    bool given = false;
  };
  const Entry& entry(const std::string& name) const;
  void check(const Entry& entry) const;

  std::map<std::string, Entry> entries_;
  os::Bytes whole_;
};

}  // namespace tlbstorm::trial

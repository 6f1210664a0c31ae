// SPDX-License-Identifier: Apache-2.0
// A workload's own options: declared as data, given as text, read as types.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "harness/os/units.hpp"
#include "harness/trial/option.hpp"

namespace tlbstorm::trial {

/// Values of a workload's parameters. A value that can't be read throws os::UsageError with option, value and
/// remedy.
class Parameters {
 public:
  Parameters() = default;
  /// Every parameter with its default.
  explicit Parameters(const std::vector<Option>& declared);
  /// As a run folder has them; which of them are sizes is all that is known of their types.
  static Parameters recorded(const std::map<std::string, std::string>& values,
                             const std::vector<std::string>& sizes);

  /// Checks the value against the declaration. `given` marks it as the user's own word.
  void set(const std::string& name, const std::string& value, bool given);
  bool given(const std::string& name) const;
  bool has(const std::string& name) const { return entries_.contains(name); }

  os::Bytes size(const std::string& name) const;
  std::int64_t integer(const std::string& name) const;
  /// Of a number or a ratio.
  double number(const std::string& name) const;
  os::Nanoseconds duration(const std::string& name) const;
  bool flag(const std::string& name) const;
  const std::string& text(const std::string& name) const;

  /// All values by name, as text, for the manifest; sizes that are a share of memory in bytes.
  std::map<std::string, std::string> values() const;
  std::vector<std::string> sizes() const;  ///< the names of those that are sizes

  /// What a percentage in a size is of: the machine's memory, for a worker_size by the number of workers.
  void set_whole(os::Bytes memory, int workers);

 private:
  struct Entry {
    Option declared;
    std::string value;
    bool given = false;
  };
  const Entry& entry(const std::string& name) const;
  os::Bytes whole_for(const Option& declared) const;

  std::map<std::string, Entry> entries_;
  os::Bytes whole_;
  int workers_ = 1;
};

}  // namespace tlbstorm::trial

// SPDX-License-Identifier: Apache-2.0
// An option of a run is one row: what it is called, what it takes and means, where it goes in the plan and in
// the manifest, and what two runs that differ in it have in common. `--help`, `--config`, `--dry-run`, the
// manifest, compare and model read these rows, so that a new option is a row (and, if it is one of every run,
// a field of the Plan).
#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "harness/os/units.hpp"
#include "harness/trial/settings.hpp"

namespace tlbstorm::trial {

struct Plan;
struct SwapRequest;
enum class Mode;
enum class Explain;
enum class Outcome;

/// One of the values of an option. "zipf:THETA" stands for any text after the colon.
struct Choice {
  std::string value;
  std::string help = {};
};

/// What a number may be, in the option's unit: of times nanoseconds.
struct Range {
  double least = 0;
  double most = 1e9;
  std::string problem = {};  ///< what is said of a smaller one; empty: that it is out of range
  std::string remedy = {};
};
/// For what any 64-bit number will do.
inline constexpr double kAny = std::numeric_limits<double>::max();

/// What runs that differ in an option are to `tlbstorm compare`.
enum class Likeness {
  other_work,  ///< not the same work: refused without --force
  told,        ///< the same work, and told before any figure
  untold,      ///< no matter
};

/// The field of a plan that an option fills; none for a parameter of a workload, and for what only the
/// planner can fill.
using PlanField = std::variant<std::monostate, int Plan::*, std::uint64_t Plan::*, double Plan::*,
                               os::Nanoseconds Plan::*, std::optional<os::Nanoseconds> Plan::*,
                               std::optional<os::Bytes> Plan::*, std::string Plan::*, Mode Plan::*,
                               Explain Plan::*, Outcome Plan::*, std::vector<std::string> Plan::*,
                               std::vector<SwapRequest> Plan::*, std::vector<Setting> Plan::*>;

struct Option {
  enum class Type {
    flag,
    whole,  ///< a whole number
    number,
    ratio,  ///< from 0 to 1
    share,  ///< of a whole, as a percentage: "0.5%"
    size,
    worker_size,  ///< of each worker: a percentage is of the memory by the number of workers
    duration,
    choice,
    cpus,    ///< numbers such as 0-3,8
    list,    ///< words, separated by commas
    word,    ///< of letters, digits, '-', '_' and '.'
    folder,  ///< one that is there or can be made
    path,
    text,
  };

  std::string name;  ///< without the dashes
  Type type = Type::text;
  std::string standard =
      {};  ///< the default as the user would write it; "": off, or worked out when the plan is made
  std::string help;
  std::vector<Choice> choices = {};
  Range range = {};
  std::string unit = {};  ///< of a bare number: "pages"
  std::string key = {};   ///< in the manifest, if it is another than the name
  Likeness likeness = Likeness::other_work;
  bool fits = true;         ///< if its values are numbers: what is untold fits nothing in any case
  bool of_command = false;  ///< about all runs of a command, so that not every command takes it: --dry-run
  PlanField field = {};

  bool is_size() const { return type == Type::size || type == Type::worker_size; }
  bool is_switch() const { return type == Type::flag; }
  /// Whether `tlbstorm model` may fit along it.
  bool may_be_term() const { return fits && likeness != Likeness::untold; }
  /// "--name".
  std::string dashed() const { return "--" + name; }
  /// What stands for its value in help: "SIZE".
  std::string_view placeholder() const;
  /// Refuses a text that is no value of it; `whole` is what a percentage of a size is of. Throws
  /// os::UsageError with the option, the value and what would be valid.
  void check(const std::string& text, os::Bytes whole) const;
  std::uint64_t whole(const std::string& text) const;
  /// Of a number, a ratio or a share, of which 1 is all.
  double number(const std::string& text) const;
  os::Nanoseconds duration(const std::string& text) const;
  /// Which of the choices.
  std::size_t choice(const std::string& text) const;
};

/// Words of a command line, without the program's and the command's name.
using Words = std::vector<std::string>;
/// Options by name, as text. Only those that were given.
using Options = std::map<std::string, std::string>;

}  // namespace tlbstorm::trial

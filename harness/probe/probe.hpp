// SPDX-License-Identifier: Apache-2.0
// A probe is a source of counters: opened once for a run, then read without allocating, locking or causing a
// TLB shootdown. A probe lives in one file of this folder and registers itself in that file's last line.
//
// Its columns are fixed when it is opened. A CPU or a device that goes while the run lasts leaves its cells
// absent, and sums of several too until the next trial, which counts what is left; one that comes is not
// counted. Neither is an error.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "harness/machine/cgroup.hpp"
#include "harness/os/units.hpp"

namespace tlbstorm::probe {

/// A counter only grows and is looked at by differences; a gauge is looked at as it is.
enum class Kind { counter, gauge };

/// One column of samples.csv. `name` is "probe.figure", an interface.
struct Column {
  std::string name;
  std::string unit;
  Kind kind = Kind::counter;
};

/// What a figure is that could not be read: absent is not zero. An empty cell in the CSV.
inline constexpr double kAbsent = std::numeric_limits<double>::quiet_NaN();
inline double or_absent(std::optional<os::Bytes> size) noexcept {
  return size ? static_cast<double>(size->count) : kAbsent;
}

/// Why something can't be had here, and what would enable it.
struct Unavailable {
  std::string reason;
  std::string remedy;
  bool idle = false;  ///< nothing is missing: there is just nothing to sample, such as no swap
};

/// A part of a probe that is not there.
struct Missing {
  std::string what;
  Unavailable why;
};

/// One of several things that a probe counts: a CPU, a device, a kernel's thread. What has gone is gone for
/// good: what comes after it under the same name is another one.
struct Part {
  std::string name;       ///< "CPU 3", "the swap area /dev/zram1"
  bool gone = false;      ///< from some reading on
  bool left_out = false;  ///< of sums, from the trial on that began after that
};

struct Target;

class Probe {
 public:
  virtual ~Probe() = default;
  /// The columns, fixed from construction on.
  std::span<const Column> columns() const { return columns_; }
  /// What was asked of it and can't be had.
  std::span<const Missing> missing() const { return missing_; }
  /// Writes one value for each column, kAbsent where it can't be read now.
  virtual void read(std::span<double> row) noexcept = 0;

  // Not while another thread reads:
  std::span<const Part> parts() const { return parts_; }
  /// Looks which parts are gone beyond what readings tell, and returns what came and is not counted.
  virtual std::vector<std::string> take_stock() { return {}; }
  /// Before each trial that it was not opened for: opens anew what belongs to the trial, and leaves out of
  /// sums what is gone.
  virtual void begin_trial(const Target& target);

 protected:
  /// Whether sums are of anything; one of nothing is absent.
  bool any_left() const noexcept;

  std::vector<Column> columns_;
  std::vector<Missing> missing_;
  std::vector<Part> parts_;
};

using Opened = std::variant<std::unique_ptr<Probe>, Unavailable>;

/// What there would be if a probe were opened: its columns, or why none.
using Offer = std::variant<std::vector<Column>, Unavailable>;

/// What a probe may look at. The roots are parameters so that fixtures can stand in for a machine.
struct Target {
  std::filesystem::path proc = "/proc";
  std::filesystem::path sys = "/sys";
  machine::CgroupVersion cgroup_version = machine::CgroupVersion::none;
  std::filesystem::path cgroup;  ///< the trial's own memory cgroup; empty when it runs unconfined
  std::vector<int> online_cpus;
  pid_t run = -1;           ///< the tool whose trials are watched, by whose pid their processes are named
  pid_t trial = -1;         ///< the process that the trial's workers will come from; none when nothing is run
  std::string events = {};  ///< of --events; empty is what the machine can give
};

/// How often a probe is wanted.
enum class Cadence { every_sample, edges_only };

/// A probe's entry in the registry.
struct Source {
  std::string name;
  std::string meaning;  ///< one line for `tlbstorm list`
  Cadence cadence = Cadence::every_sample;
  Opened (*open)(const Target&) = nullptr;
  bool on_request = false;  ///< disturbs more than it tells most users: for --probes all, or by its name
  /// The same answer as open()'s, from files and rights alone, where opening and closing takes long.
  Offer (*look)(const Target&) = nullptr;
};

/// All probes, in the order of their names.
std::span<const Source> sources();

/// What a source has to offer here. Opens it only where that takes no time.
Offer look(const Source& source, const Target& target);

/// The last line of a probe's file.
class RegisteredProbe {
 public:
  explicit RegisteredProbe(Source source);
};

}  // namespace tlbstorm::probe

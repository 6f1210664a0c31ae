// SPDX-License-Identifier: Apache-2.0
// Reduces the samples of one trial to what happened in each phase and in each measured round. Streams: memory
// does not grow with the number of samples.
#pragma once

#include <array>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "harness/probe/probe.hpp"
#include "harness/trial/phase.hpp"

namespace tlbstorm::judge {

/// What happened between two edges: seconds, and by how much each counter grew.
struct Window {
  double seconds = 0;
  std::vector<double> growth;   ///< by column; NaN where it is not known
  std::vector<double> sum;      ///< by column, of the values sampled
  std::vector<double> samples;  ///< by column, how many those are
};

class Totals {
 public:
  explicit Totals(std::span<const probe::Column> columns);

  /// Rows in time order. `stage` is the one that begins or goes on with the row.
  void add(trial::Stage stage, double seconds, std::span<const double> values);

  /// All windows of a phase together.
  const Window& phase(trial::Phase phase) const { return phases_[static_cast<std::size_t>(phase)]; }
  /// The measured windows by round.
  const std::map<std::uint32_t, Window>& rounds() const { return rounds_; }
  /// The growth of a counter in a window; nothing when there is no such column, its value is not known, or it
  /// fell meanwhile.
  std::optional<double> growth(const Window& window, const std::string& column) const;
  /// The mean of a gauge's samples in a window.
  std::optional<double> mean(const Window& window, const std::string& column) const;
  /// From the first sample to the last, all phases.
  std::optional<double> whole(const std::string& column) const;
  bool has(const std::string& column) const { return index_.contains(column); }
  /// Whether there is any column of a probe's.
  bool has_any_of(std::string_view probe) const;
  /// Whether a counter was less than it had been at any time. How much it grew is not known then: it was set
  /// back, or is not of the same thing any more.
  bool fell(const std::string& column) const;

 private:
  void close_window();

  std::unordered_map<std::string, std::size_t> index_;
  std::vector<bool> counts_;  ///< a counter, not a gauge
  std::vector<bool> fell_;
  std::vector<double> last_;           ///< the latest value read of each column
  std::vector<double> pending_;        ///< growth since the last edge
  std::vector<double> sum_, samples_;  ///< of the values since the last edge
  std::optional<trial::Stage> stage_;
  double window_began_ = 0;
  double now_ = 0;
  std::array<Window, 5> phases_;
  std::map<std::uint32_t, Window> rounds_;
};

}  // namespace tlbstorm::judge

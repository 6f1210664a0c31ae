// SPDX-License-Identifier: Apache-2.0
// Reduces the samples of one trial to what happened in each phase and in each measured round. Streams: memory
// does not grow with the number of samples.
#pragma once

#include <array>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "harness/trial/phase.hpp"

namespace tlbstorm::verdict {

/// What happened between two edges: seconds, and by how much each counter grew.
struct Window {
  double seconds = 0;
  std::vector<double> growth;   ///< by column; NaN where it is not known
  std::vector<double> sum;      ///< by column, of the values sampled
  std::vector<double> samples;  ///< by column, how many those are
};

class Totals {
 public:
  explicit Totals(std::vector<std::string> columns);

  /// Rows in time order. `stage` is the one that begins or goes on with the row.
  void add(trial::Stage stage, double seconds, std::span<const double> values);

  /// All windows of a phase together.
  const Window& phase(trial::Phase phase) const { return phases_[static_cast<std::size_t>(phase)]; }
  /// The measured windows by round.
  const std::map<std::uint32_t, Window>& rounds() const { return rounds_; }
  /// The growth of a counter in a window; nothing when there is no such column or its value is not known.
  std::optional<double> growth(const Window& window, const std::string& column) const;
  /// The mean of a gauge's samples in a window.
  std::optional<double> mean(const Window& window, const std::string& column) const;
  /// From the first sample to the last, all phases.
  std::optional<double> whole(const std::string& column) const;
  bool has(const std::string& column) const { return index_.contains(column); }

 private:
  void close_window();

  std::unordered_map<std::string, std::size_t> index_;
  std::vector<double> last_;           ///< the latest value read of each column
  std::vector<double> pending_;        ///< growth since the last edge
  std::vector<double> sum_, samples_;  ///< of the values since the last edge
  std::optional<trial::Stage> stage_;
  double window_began_ = 0;
  double now_ = 0;
  std::array<Window, 5> phases_;
  std::map<std::uint32_t, Window> rounds_;
};

}  // namespace tlbstorm::verdict

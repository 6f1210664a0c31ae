// SPDX-License-Identifier: Apache-2.0
#include "harness/judge/totals.hpp"

#include <algorithm>
#include <cmath>

namespace tlbstorm::judge {

using probe::kAbsent;
using trial::Phase;

Totals::Totals(std::span<const probe::Column> columns)
    : counts_(columns.size()),
      fell_(columns.size()),
      last_(columns.size(), kAbsent),
      pending_(columns.size(), 0.0),
      sum_(columns.size(), 0.0),
      samples_(columns.size(), 0.0) {
  for (std::size_t i = 0; i < columns.size(); ++i) {
    index_.emplace(columns[i].name, i);
    counts_[i] = columns[i].kind == probe::Kind::counter;
  }
  for (Window& window : phases_) window.growth.assign(columns.size(), 0.0);
}

void Totals::add(trial::Stage stage, double seconds, std::span<const double> values) {
  const bool edge = !stage_ || *stage_ != stage;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (std::isnan(values[i])) {
      // Between edges a probe may be left out; at an edge its value is what splits the phases.
      if (edge) pending_[i] = last_[i] = kAbsent;
      continue;
    }
    if (counts_[i] && values[i] < last_[i]) {
      fell_[i] = true;
      pending_[i] = kAbsent;  // of this window
    }
    if (!std::isnan(last_[i])) pending_[i] += values[i] - last_[i];
    last_[i] = values[i];
    sum_[i] += values[i];
    ++samples_[i];
  }
  now_ = seconds;
  if (!edge) return;
  if (stage_) close_window();
  stage_ = stage;
  window_began_ = seconds;
  for (std::size_t i = 0; i < pending_.size(); ++i) pending_[i] = std::isnan(last_[i]) ? kAbsent : 0.0;
  std::fill(sum_.begin(), sum_.end(), 0.0);
  std::fill(samples_.begin(), samples_.end(), 0.0);
}

void Totals::close_window() {
  const auto merge = [this](Window& window) {
    window.seconds += now_ - window_began_;
    for (auto* const column : {&window.growth, &window.sum, &window.samples})
      column->resize(pending_.size(), 0.0);
    for (std::size_t i = 0; i < pending_.size(); ++i) {
      window.growth[i] += pending_[i];
      window.sum[i] += sum_[i];
      window.samples[i] += samples_[i];
    }
  };
  merge(phases_[static_cast<std::size_t>(stage_->phase)]);
  if (stage_->phase == Phase::measure) merge(rounds_[stage_->round]);
}

bool Totals::has_any_of(std::string_view probe) const {
  return std::any_of(index_.begin(), index_.end(), [&](const auto& column) {
    return column.first.starts_with(probe) && column.first.substr(probe.size()).starts_with('.');
  });
}

bool Totals::fell(const std::string& column) const {
  const auto found = index_.find(column);
  return found != index_.end() && fell_[found->second];
}

std::optional<double> Totals::growth(const Window& window, const std::string& column) const {
  const auto found = index_.find(column);
  if (found == index_.end() || found->second >= window.growth.size()) return std::nullopt;
  const double value = window.growth[found->second];
  if (std::isnan(value)) return std::nullopt;
  return value;
}

std::optional<double> Totals::mean(const Window& window, const std::string& column) const {
  const auto found = index_.find(column);
  if (found == index_.end() || found->second >= window.samples.size() || window.samples[found->second] == 0)
    return std::nullopt;
  return window.sum[found->second] / window.samples[found->second];
}

std::optional<double> Totals::whole(const std::string& column) const {
  double sum = 0;
  for (const Window& window : phases_) {
    const auto part = growth(window, column);
    if (!part) return std::nullopt;
    sum += *part;
  }
  return sum;
}

}  // namespace tlbstorm::judge

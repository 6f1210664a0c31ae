// SPDX-License-Identifier: Apache-2.0
#include "harness/compare/correction.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace tlbstorm::compare {
namespace {

bool may_be_taken_back(const MetricChange& row) {
  return row.verdict != Verdict::same && row.verdict != Verdict::unsure && !row.gross;
}

/// Rows that share an alpha.
void correct_together(const std::vector<MetricChange*>& rows, double alpha, bool paired) {
  std::vector<double> p;
  for (const MetricChange* const row : rows) p.push_back(row->test.p);
  const std::vector<double> corrected = stats::holm(p);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    MetricChange& row = *rows[i];
    if (may_be_taken_back(row) && corrected[i] > alpha)
      row.verdict = Verdict::unsure;
    else if (row.verdict != Verdict::unsure || row.runs_needed == 0)
      continue;
    row.runs_needed = runs_to_settle(row, paired, alpha / static_cast<double>(rows.size()));
  }
}

}  // namespace

std::string correct(std::vector<MetricChange>& rows, const std::string& primary,
                    const ComparisonOptions& options) {
  std::vector<MetricChange*> others, first;
  for (MetricChange& row : rows) (row.metric.name == primary ? first : others).push_back(&row);
  if (first.empty() || others.empty()) {
    correct_together(first.empty() ? others : first, options.alpha, options.paired);
    return rows.size() < 2
               ? ""
               : fmt::format("verdicts at {:.0f}% over all rows together (Holm)", 100 * options.alpha);
  }
  correct_together(first, kPrimaryShare * options.alpha, options.paired);
  correct_together(others, (1 - kPrimaryShare) * options.alpha, options.paired);
  return fmt::format("verdicts at {:.0f}% on {}, at {:.0f}% on all other rows together (Holm)",
                     100 * kPrimaryShare * options.alpha, primary, 100 * (1 - kPrimaryShare) * options.alpha);
}

}  // namespace tlbstorm::compare

// SPDX-License-Identifier: Apache-2.0
// Models as people and programs want them.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "harness/compare/model/model.hpp"

namespace tlbstorm::report {

struct ModelFormat {
  std::string_view name;
  std::string (*print)(const compare::ModelReport& report);
};

/// All of them; the first is the default.
std::span<const ModelFormat> model_formats();

/// At most 100 columns, but for words that are longer.
std::string print_model_text(const compare::ModelReport& report);
/// A row for each figure: of the fit, of either form, of each place asked for.
std::string print_model_csv(const compare::ModelReport& report);
std::string print_model_json(const compare::ModelReport& report);

std::string_view name(compare::Basis basis);
std::string_view name(stats::Form form);

}  // namespace tlbstorm::report

// SPDX-License-Identifier: Apache-2.0
#include "harness/cli/preview.hpp"

#include "harness/os/error.hpp"
#include "harness/record/manifest.hpp"
#include "harness/trial/planner.hpp"

namespace tlbstorm::cli {

nlohmann::ordered_json preview(const trial::Definition& definition, const campaign::RunSpec& spec) {
  nlohmann::ordered_json json;
  if (!spec.prepare.empty()) json["before"] = spec.prepare;
  json["command"] = spec.command;
  try {
    json["plan"] = nlohmann::ordered_json::parse(
        record::plan_text(trial::make_plan(definition, spec.options, machine::inspect()), definition));
  } catch (const os::UsageError& error) {
    if (spec.prepare.empty()) throw;
    json["not_possible_now"] = error.what();
  }
  return json;
}

}  // namespace tlbstorm::cli

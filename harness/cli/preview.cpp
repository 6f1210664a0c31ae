// SPDX-License-Identifier: Apache-2.0
#include "harness/cli/preview.hpp"

#include "harness/os/error.hpp"
#include "harness/record/manifest.hpp"
#include "harness/trial/planner.hpp"

namespace tlbstorm::cli {

nlohmann::ordered_json preview(const campaign::BatchRun& run) {
  nlohmann::ordered_json json;
  if (!run.prepare.empty()) json["before"] = run.prepare;
  json["command"] = run.command;
  try {
    json["plan"] = nlohmann::ordered_json::parse(record::plan_text(
        trial::make_plan(*run.definition, run.options, machine::inspect()), *run.definition));
  } catch (const os::UsageError& error) {
    if (run.prepare.empty()) throw;
    json["not_possible_now"] = error.what();
  }
  return json;
}

}  // namespace tlbstorm::cli

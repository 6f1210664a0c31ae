// SPDX-License-Identifier: Apache-2.0
#include "harness/cli/interleave.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "harness/cli/leftovers.hpp"
#include "harness/compare/batches.hpp"
#include "harness/os/error.hpp"
#include "harness/os/process.hpp"
#include "harness/record/manifest_shape.hpp"
#include "harness/record/recorder.hpp"
#include "harness/record/run_folder.hpp"
#include "harness/record/schema.hpp"

namespace tlbstorm::cli {

Interleaver::Interleaver(const std::filesystem::path& folder, const std::string& about,
                         const trial::Definition& definition, Way base, Way next, const MachineLock& lock,
                         bool quiet)
    : definition_(definition),
      base_(std::move(base)),
      next_(std::move(next)),
      lock_(lock),
      quiet_(quiet),
      recorder_(folder, {"ab", definition.name, about}) {}

int Interleaver::run_pair() {
  ++pairs_;
  const bool base_first = pairs_ % 2 == 1;
  for (const bool base : {base_first, !base_first})
    if (const int code = run_trial(base ? base_ : next_, base ? compare::kBaseValue : compare::kNextValue);
        code >= kSignal)
      return code;
  if (was_valid(compare::kBaseValue) && was_valid(compare::kNextValue)) ++valid_pairs_;
  return kOk;
}

std::string Interleaver::run_name(const std::string& value) const {
  return fmt::format("{}-{:03}", value, pairs_);
}

bool Interleaver::was_valid(const std::string& value) const {
  return record::read_run(folder() / run_name(value)).valid(1);
}

int Interleaver::run_trial(const Way& way, const std::string& value) {
  if (!way.prepare.empty()) {
    const os::CommandEnd end = os::run_shell(way.prepare);
    if (end.signal) {
      restore_leftovers();  // the command may have been a run of ours
      return kSignal + *end.signal;
    }
    if (!end.status.clean())
      throw os::Error(
          fmt::format("the command of the {} side failed: {} ({})", value, way.prepare, end.status.text()),
          "try it in a shell; it is run before each trial of its side, without a terminal");
  }
  const BatchRun run{run_name(value), value, way.command, &definition_, way.options};
  const int code = run_one(run, recorder_, lock_, quiet_);
  if (code == kUsage)
    throw os::UsageError(fmt::format("the {} side can't be run here", value),
                         fmt::format("why: {}", recorder_.last_reason()));
  if (!record::may_be_there(folder() / run.name / record::kManifestFile))
    throw os::Error(fmt::format("the {} side made no run: {}", value, recorder_.last_reason()));
  all_undone_ &= record::all_undone(folder() / run.name);
  return code;
}

compare::Side Interleaver::side(const std::string& value) const {
  auto [base, next] = compare::runs_of_ab(record::read_batch(folder()));
  return compare::Side(value, std::move(value == compare::kBaseValue ? base : next));
}

Arguments split_words(const std::string& text) { return CLI::detail::split_up(text); }

void check_words_of_a_side(const trial::Definition& definition, const Arguments& words) {
  const RunOptions run = parse_run_options(definition, {words});
  const auto refuse = [](const char* option, const std::string& value, const char* hint) {
    throw os::UsageError(option, value, "not for the runs of one side", hint);
  };
  if (!run.sweep.empty())
    refuse("--sweep", run.sweep, "a sweep can't be interleaved: sweep twice, then compare");
  if (run.dry_run) refuse("--dry-run", "true", "give it outside of --base and --new");
  if (run.quiet) refuse("--quiet", "true", "give it outside of --base and --new");
  if (const auto found = run.options.find("output"); found != run.options.end())
    refuse("--output", found->second, "give it outside of --base and --new");
  if (const auto found = run.options.find("trials"); found != run.options.end())
    refuse("--trials", found->second, "each run has one trial; --budget or --pairs say how many runs");
}

Way way_of(const trial::Definition& definition, const std::vector<Arguments>& layers) {
  Way way;
  way.options = parse_run_options(definition, layers).options;
  way.options["trials"] = "1";
  way.options.erase("output");
  way.command = command_of(definition, way.options);
  return way;
}

nlohmann::ordered_json preview(const trial::Definition& definition, const Way& way) {
  nlohmann::ordered_json json;
  if (!way.prepare.empty()) json["before"] = way.prepare;
  json["command"] = way.command;
  try {
    json["plan"] = record::to_json(trial::make_plan(definition, way.options, machine::inspect()), definition);
  } catch (const os::UsageError& error) {
    if (way.prepare.empty()) throw;
    json["not_possible_now"] = error.what();
  }
  return json;
}

}  // namespace tlbstorm::cli

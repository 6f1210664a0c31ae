// SPDX-License-Identifier: Apache-2.0
#include "harness/cli/interleave.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "harness/os/error.hpp"
#include "harness/os/process.hpp"
#include "harness/record/manifest_shape.hpp"
#include "harness/record/schema.hpp"
#include "harness/verdict/compare/batches.hpp"

namespace tlbstorm::cli {

Interleaver::Interleaver(std::filesystem::path folder, const std::string& about,
                         const trial::Definition& definition, Way base, Way next, const MachineLock& lock,
                         bool quiet)
    : definition_(definition),
      base_(std::move(base)),
      next_(std::move(next)),
      lock_(lock),
      quiet_(quiet),
      recorder_(std::move(folder), {"ab", definition.name, about}) {}

int Interleaver::run_pair() {
  ++pairs_;
  const bool base_first = pairs_ % 2 == 1;
  for (const bool base : {base_first, !base_first})
    if (const int code = run_trial(base ? base_ : next_, base ? verdict::kBaseValue : verdict::kNextValue);
        code >= kSignal)
      return code;
  if (was_valid(verdict::kBaseValue) && was_valid(verdict::kNextValue)) ++valid_pairs_;
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
    if (end.signal) return kSignal + *end.signal;
    if (!end.status.clean())
      throw os::Error(
          fmt::format("the command of the {} side failed ({}): {}", value, end.status.text(), way.prepare),
          "try it in a shell; it is run before each trial of its side, without a terminal");
  }
  const BatchRun run{run_name(value), value, way.command, &definition_, way.options};
  const int code = run_one(run, recorder_, lock_, quiet_);
  if (code == kUsage)
    throw os::UsageError(fmt::format("the {} side can't be run here", value),
                         fmt::format("why: {}", recorder_.last_reason()));
  if (!record::may_be_there(folder() / run.name / record::kManifestFile))
    throw os::Error(fmt::format("the {} side made no run: {}", value, recorder_.last_reason()));
  return code;
}

verdict::Side Interleaver::side(const std::string& value) const {
  auto [base, next] = verdict::runs_of_ab(record::read_batch(folder()));
  return verdict::Side(value, std::move(value == verdict::kBaseValue ? base : next));
}

Arguments split_words(const std::string& text) { return CLI::detail::split_up(text); }

Way way_of(const trial::Definition& definition, const Arguments& words) {
  Way way{{"tlbstorm", "run", definition.name}, {}, {}};
  way.command.insert(way.command.end(), words.begin(), words.end());
  const RunOptions options = parse_run_options(definition, words);
  if (!options.sweep.empty())
    throw os::UsageError("--sweep", options.sweep, "a sweep can't be interleaved",
                         "sweep on either side, then compare");
  way.options = options.options;
  way.options["trials"] = "1";
  way.options.erase("output");
  return way;
}

}  // namespace tlbstorm::cli

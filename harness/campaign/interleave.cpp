// SPDX-License-Identifier: Apache-2.0
#include "harness/campaign/interleave.hpp"

#include <fmt/format.h>

#include "harness/compare/batches.hpp"
#include "harness/os/error.hpp"
#include "harness/os/exit_code.hpp"
#include "harness/record/folders.hpp"
#include "harness/record/recorder.hpp"
#include "harness/record/run_folder.hpp"
#include "harness/record/schema.hpp"
#include "harness/trial/given.hpp"

namespace tlbstorm::campaign {

Interleaver::Interleaver(const std::filesystem::path& folder, const std::string& about, BatchRun base,
                         BatchRun next, const MachineLock& lock, Follower& follower)
    : base_(std::move(base)),
      next_(std::move(next)),
      lock_(lock),
      follower_(follower),
      recorder_(folder, {"ab", base_.definition->name, about}) {}

int Interleaver::run_pair() {
  ++pairs_;
  const bool base_first = pairs_ % 2 == 1;
  for (const bool base : {base_first, !base_first})
    if (const int code = run_trial(base ? base_ : next_, base ? compare::kBaseValue : compare::kNextValue);
        code >= os::kSignal)
      return code;
  if (was_valid(compare::kBaseValue) && was_valid(compare::kNextValue)) ++valid_pairs_;
  return os::kOk;
}

std::string Interleaver::run_name(const std::string& value) const {
  return fmt::format("{}-{:03}", value, pairs_);
}

bool Interleaver::was_valid(const std::string& value) const {
  return record::read_run(folder() / run_name(value)).valid(1);
}

int Interleaver::run_trial(BatchRun run, const std::string& value) {
  run.name = run_name(value);
  run.value = value;
  const int code = run_one(run, recorder_, lock_, follower_);
  if (code >= os::kSignal && !record::may_be_there(folder() / run.name)) return code;
  if (code == os::kUsage)
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

namespace {

BatchRun one_trial(const trial::Definition& definition, const trial::Given& given) {
  BatchRun run{.name = "", .command = {}, .definition = &definition, .options = given.options};
  run.options.insert_or_assign("trials", std::string("1"));
  run.options.emplace("explain", "none");  // what a pair has to say takes no trial more
  run.command = command_of(definition, run.options);
  return run;
}

}  // namespace

BatchRun side_run(const trial::Definition& definition, const std::vector<trial::Words>& layers) {
  static const trial::Caller kSide{
      .problem = "not for the runs of one side",
      .remedies = {{"sweep", "a sweep can't be interleaved: sweep twice, then compare"},
                   {"repeat", "each pair is a repetition; --budget says how many"},
                   {"dry-run", "give it outside of --base and --new"},
                   {"quiet", "give it outside of --base and --new"},
                   {"output", "give it outside of --base and --new"},
                   {"retry-invalid", "a pair with an invalid trial is left out, and another one made"},
                   {"trials", "each run has one trial; --budget says how many runs"}}};
  const trial::Given given = read_words(definition, layers, kSide);
  if (given.help)
    throw os::UsageError("--help", "true", kSide.problem,
                         fmt::format("see: tlbstorm run {} --help", definition.name));
  return one_trial(definition, given);
}

BatchRun run_as_made(const trial::Definition& definition, const trial::Words& words) {
  return one_trial(definition, read_words(definition, {words}, trial::command_itself()));
}

}  // namespace tlbstorm::campaign

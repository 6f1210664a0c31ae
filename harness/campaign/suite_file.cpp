// SPDX-License-Identifier: Apache-2.0
#include "harness/campaign/suite_file.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>

#include "harness/os/error.hpp"
#include "harness/os/named_path.hpp"
#include "harness/os/text.hpp"
#include "harness/record/folders.hpp"
#include "harness/trial/given.hpp"

namespace tlbstorm::campaign {
namespace {

/// A run's name is its folder's beside the batch's own files, and stands in a cell of points.csv, where a
/// spreadsheet would take some for a formula.
bool is_run_name(const std::string& name) {
  return record::is_folder_name(name) && name.find_first_of(".=+-@") != 0 && name != record::kBatchFile &&
         name != record::kPointsFile;
}

/// A suite takes the options about all runs itself.
trial::Caller line_of_a_suite() {
  trial::Caller caller{.problem = "no option of a run in a suite",
                       .remedies = {{"sweep", "write a line for each value"}}};
  for (const char* const name : {"dry-run", "wait", "ignore-lock", "quiet", "output", "repeat"})
    caller.remedies.emplace_back(name, fmt::format("tlbstorm suite NAME --{} is for all runs", name));
  return caller;
}

BatchRun make_run(const trial::Words& line, const std::vector<trial::Words>& extra) {
  BatchRun run;
  run.name = line[0];
  trial::Words words(line.begin() + 1, line.end());
  try {
    run.definition = &trial::find_workload(trial::take_workload(words));
    std::vector<trial::Words> layers{words};
    layers.insert(layers.end(), extra.begin(), extra.end());
    const trial::Given given = read_words(*run.definition, layers, line_of_a_suite());
    if (given.help)
      throw os::UsageError("--help", "true", "no option of a run in a suite", "take it out of the line");
    run.options = given.options;
  } catch (const os::UsageError& error) {
    throw os::UsageError("suite run", run.name, error.what(), error.hint());
  }
  run.command = command_of(*run.definition, run.options);
  return run;
}

}  // namespace

Suite parse_suite(const std::string& name, std::string_view text) {
  Suite suite{name, "", {}};
  while (!text.empty()) {
    std::string_view line = os::trim(os::take_line(text));
    if (line.starts_with("#")) {
      if (suite.about.empty()) suite.about = os::trim(line.substr(1));
      continue;
    }
    trial::Words words;
    while (!os::trim(line).empty()) words.emplace_back(os::take_field(line));
    if (words.empty()) continue;
    if (words.size() < 2 || !is_run_name(words[0]))
      throw os::UsageError("suite " + name, words[0], "not a run's name and its workload",
                           "write a line as: dirty-anon  pageout --pages dirty-anon --trials 3");
    if (std::any_of(suite.lines.begin(), suite.lines.end(),
                    [&](const trial::Words& other) { return other[0] == words[0]; }))
      throw os::UsageError("suite " + name, words[0], "two runs have this name",
                           "give each line a name of its own");
    suite.lines.push_back(std::move(words));
  }
  if (suite.lines.empty())
    throw os::UsageError("suite", name, "there is no run in it",
                         "write a line for each, such as: dirty-anon  pageout --pages dirty-anon --trials 3");
  return suite;
}

Suite find_suite(const std::string& name) {
  std::vector<std::string> names;
  for (const SuiteText& known : suite_texts()) {
    if (known.name == name) return parse_suite(name, known.text);
    names.emplace_back(known.name);
  }
  const std::string remedy = fmt::format("name a file, or one of: {}", fmt::join(names, ", "));
  if (!record::may_be_there(name))
    throw os::UsageError("suite", name, "no such suite and no such file", remedy);
  return parse_suite(std::filesystem::path(name).stem(), os::read_named_file("suite", name, remedy));
}

std::vector<BatchRun> runs_of(const Suite& suite, const std::vector<trial::Words>& extra) {
  std::vector<BatchRun> runs;
  for (const trial::Words& line : suite.lines) runs.push_back(make_run(line, extra));
  return runs;
}

}  // namespace tlbstorm::campaign

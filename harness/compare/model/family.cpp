// SPDX-License-Identifier: Apache-2.0
#include "harness/compare/model/family.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "harness/compare/model/term.hpp"
#include "harness/os/error.hpp"
#include "harness/record/batch.hpp"
#include "harness/record/benchmark_json.hpp"
#include "harness/trial/metric_names.hpp"
#include "harness/trial/options.hpp"

namespace tlbstorm::compare {
namespace {

namespace fs = std::filesystem;
using record::RunFolder;

/// What a plan says under the names of the options that say it, sizes and times with their units.
std::map<std::string, std::string> parameters_of(const record::RunManifest& manifest) {
  const trial::Plan& plan = manifest.plan;
  std::map<std::string, std::string> parameters;
  for (const trial::Option& option : trial::run_options())
    if (const std::string text = trial::exact(option, plan); option.may_be_term() && !text.empty())
      parameters[option.name] = text;
  for (const auto& [file, value] : plan.settings) parameters[trial::name_of(file)] = value;
  const std::vector<std::string> sizes = plan.parameters.sizes();
  for (const auto& [name, value] : plan.parameters.values()) {
    const bool bare = !value.empty() && value.find_first_not_of("0123456789") == std::string::npos;
    const bool size = std::find(sizes.begin(), sizes.end(), name) != sizes.end();
    parameters[name] = bare && size ? value + "B" : value;
  }
  return parameters;
}

Observed observed(const RunFolder& run, const std::string& name) {
  Observed one{name, run.path.native(), parameters_of(run.manifest), {}, 0, 0, run.manifest};
  one.trials = run.manifest.measuring_trials();
  one.valid = run.manifest.valid_trials();
  for (const record::Series& series : run.series) {
    record::Series kept{series.metric, series.unit, {}};
    for (const auto& [trial, value] : series.by_trial)
      if (run.valid(trial) && std::isfinite(value)) kept.by_trial[trial] = value;
    if (!kept.by_trial.empty()) one.series.push_back(std::move(kept));
  }
  return one;
}

/// A folder is known by its last name; "." and "runs/" have none.
std::string last_name(const fs::path& path) {
  const fs::path last = path.filename();
  return last.empty() || last == "." || last == ".." ? path.native() : last.native();
}

class Reader {
 public:
  void add(const fs::path& path) {
    if (record::is_benchmark_file(path)) return add_benchmarks(record::read_benchmark(path));
    if (record::is_batch(path)) return add_batch(record::read_batch(path));
    add_run(record::read_run(path), last_name(path));
  }

  Families take() && {
    for (Family& family : found_.families) name_apart(family.runs);
    return std::move(found_);
  }

 private:
  Family& family(const std::string& name) {
    for (Family& known : found_.families)
      if (known.name == name) return known;
    return found_.families.emplace_back(Family{name, {}, {}, {}});
  }
  void add_run(const RunFolder& run, const std::string& name);
  void add_batch(const record::Batch& batch);
  void add_benchmarks(const RunFolder& file);
  static void name_apart(std::vector<Observed>& runs);

  Families found_;
};

/// The workload's own first figure, and interrupts by page and operation.
void Reader::add_run(const RunFolder& run, const std::string& name) {
  Family& of = family(run.manifest.plan.workload);
  of.runs.push_back(observed(run, name));
  for (const std::string& remark : run.remarks) found_.notes.push_back(fmt::format("{}: {}", name, remark));
  if (!of.usual_metrics.empty()) return;
  if (const auto& figures = run.manifest.workload.figures; !figures.empty())
    of.usual_metrics.push_back(figures.front().name);
  for (const char* const usual : {metric::kIpisPerPage, metric::kIpisPerOperation})
    if (std::find(of.usual_metrics.begin(), of.usual_metrics.end(), usual) == of.usual_metrics.end())
      of.usual_metrics.emplace_back(usual);
}

void Reader::add_batch(const record::Batch& batch) {
  for (const record::BatchEntry& entry : batch.entries) {
    if (!entry.run) {
      found_.notes.push_back(
          fmt::format("{}: {}{}{}", entry.name, entry.state, entry.reason.empty() ? "" : ": ", entry.reason));
      continue;
    }
    add_run(*entry.run, entry.name);
    Family& of = family(entry.run->manifest.plan.workload);
    of.swept.insert(batch.kind.kind == "sweep" ? batch.kind.name : "");
  }
}

void Reader::add_benchmarks(const RunFolder& file) {
  std::map<std::string, std::size_t> index;  // of each benchmark in its family
  for (const record::Series& series : file.series) {
    const std::size_t slash = series.metric.rfind('/');
    const std::string name = series.metric.substr(0, slash);
    const BenchmarkName parts = take_apart(name);
    Family& of = family(parts.family);
    const auto [found, fresh] = index.try_emplace(name, of.runs.size());
    if (fresh) {
      of.usual_metrics = {"real_time"};
      of.runs.push_back({parts.instance.empty() ? name : parts.instance,
                         file.path.native(),
                         parts.arguments,
                         {},
                         0,
                         0,
                         file.manifest});
    }
    Observed& one = of.runs[found->second];
    one.series.push_back({series.metric.substr(slash + 1), series.unit, series.by_trial});
    one.trials = one.valid = std::max(one.valid, static_cast<int>(series.by_trial.size()));
  }
  found_.notes.insert(found_.notes.end(), file.remarks.begin(), file.remarks.end());
}

/// Two runs of the same name are told by where they lie. One that is there twice would count twice.
void Reader::name_apart(std::vector<Observed>& runs) {
  std::map<std::string, int> names;
  for (const Observed& one : runs) ++names[one.name];
  for (Observed& one : runs)
    if (names[one.name] > 1)
      one.name = one.manifest.plan.workload == record::kBenchmark
                     ? fmt::format("{} of {}", one.name, one.from)
                     : one.from;
  std::set<std::string> seen;
  for (const Observed& one : runs)
    if (!seen.insert(one.name).second)
      throw os::UsageError("RUN", one.name, "given twice", "its trials would count twice: name it once");
}

bool is_number_or_measure(const std::string& text) { return make_term("", std::span(&text, 1)).has_value(); }

}  // namespace

const record::Series* Observed::find(const std::string& metric) const {
  for (const record::Series& one : series)
    if (one.metric == metric) return &one;
  return nullptr;
}

std::vector<std::string> Family::metrics() const {
  std::vector<std::string> all;
  for (const Observed& run : runs)
    for (const record::Series& series : run.series)
      if (std::find(all.begin(), all.end(), series.metric) == all.end()) all.push_back(series.metric);
  return all;
}

std::vector<std::string> Family::values(const std::string& parameter) const {
  std::vector<std::string> all;
  for (const Observed& run : runs) {
    const auto found = run.parameters.find(parameter);
    if (found == run.parameters.end()) return {};
    all.push_back(found->second);
  }
  return all;
}

std::set<std::string> Family::parameters() const {
  std::set<std::string> all;
  for (const Observed& run : runs)
    for (const auto& [parameter, value] : run.parameters) all.insert(parameter);
  return all;
}

Families read_families(const std::vector<fs::path>& paths) {
  Reader reader;
  for (const fs::path& path : paths) reader.add(path);
  Families found = std::move(reader).take();
  if (found.families.empty())
    throw os::Error("there is no run in what was named", "name the folders of runs that were made");
  return found;
}

/// As benchmark/src/benchmark_name.cc joins the parts.
BenchmarkName take_apart(const std::string& name) {
  static constexpr std::array<std::string_view, 3> kWays{"real_time", "manual_time", "process_time"};
  static constexpr std::array<std::string_view, 4> kSettings{"iterations", "repeats", "min_time",
                                                             "min_warmup_time"};
  const auto among = [](const auto& known, std::string_view word) {
    return std::find(known.begin(), known.end(), word) != known.end();
  };
  BenchmarkName parts;
  std::vector<std::string> family, instance;
  int unnamed = 0;
  for (std::size_t begin = 0; begin <= name.size();) {
    const std::size_t end = std::min(name.find('/', begin), name.size());
    const std::string part = name.substr(begin, end - begin);
    begin = end + 1;
    const std::size_t colon = part.find(':');
    const bool named = colon != std::string::npos && colon > 0;
    const std::string key = named ? part.substr(0, colon) : "", value = named ? part.substr(colon + 1) : part;
    if (among(kWays, part) || among(kSettings, key)) continue;
    if (!is_number_or_measure(value) || family.empty()) {
      family.push_back(part);
      continue;
    }
    parts.arguments[named ? key : fmt::format("arg{}", ++unnamed)] = value;
    instance.push_back(part);
  }
  parts.family = fmt::format("{}", fmt::join(family, "/"));
  parts.instance = fmt::format("{}", fmt::join(instance, "/"));
  return parts;
}

}  // namespace tlbstorm::compare

// SPDX-License-Identifier: Apache-2.0
// The format is that of benchmark/src/json_reporter.cc.
#include "harness/record/benchmark_json.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <set>
#include <unordered_map>

#include "harness/os/error.hpp"
#include "harness/os/named_path.hpp"
#include "harness/os/text.hpp"
#include "harness/record/excerpt.hpp"
#include "harness/record/json_file.hpp"
#include "harness/record/schema.hpp"

namespace tlbstorm::record {
namespace {

using nlohmann::ordered_json;

/// Numbers that say how a repetition was made, not what it measured.
constexpr std::array<std::string_view, 6> kNoFigures{
    "family_index", "per_family_instance_index", "repetitions", "repetition_index", "threads", "iterations"};
/// Of the context, what differs between two files of the same machine.
constexpr std::array<std::string_view, 5> kNoFacts{"date", "host_name", "executable", "load_avg", "topology"};

bool contains(const auto& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

std::string text_or(const ordered_json& entry, const char* key, const std::string& otherwise) {
  const auto found = entry.find(key);
  return found != entry.end() && found->is_string() ? found->get<std::string>() : otherwise;
}

bool is_true(const ordered_json& entry, const char* key) {
  const auto found = entry.find(key);
  return found != entry.end() && found->is_boolean() && found->get<bool>();
}

/// What is wrong with a repetition; empty when it counts.
std::string why_left_out(const ordered_json& entry) {
  if (is_true(entry, "error_occurred") || is_true(entry, "skipped"))
    return text_or(entry, "error_message", text_or(entry, "skip_message", "it failed"));
  std::string label = text_or(entry, "label", "");
  if (label.starts_with(kSpoilt)) return label;
  // Of versions that did not call it spoilt by themselves.
  constexpr double kLeastOnCpu = 0.90;  // as in benches/other_load.cpp
  const auto sharers = entry.find("sharers_on_cpu");
  return sharers != entry.end() && sharers->is_number() && sharers->get<double>() < kLeastOnCpu
             ? fmt::format("the sharers had their CPUs for {:.0f}% of the time", 100 * sharers->get<double>())
             : "";
}

/// The text with null in the place of NaN and Infinity, which JSON lacks and Google Benchmark writes all the
/// same: the cv of a counter that is zero in each repetition is one (json_reporter.cc: FormatKV).
std::string without_nan(std::string_view text) {
  std::string kept;
  kept.reserve(text.size());
  bool quoted = false;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const std::string_view rest = text.substr(at);
    constexpr std::array<std::string_view, 4> kLacking{"NaN", "-NaN", "Infinity", "-Infinity"};
    const auto found = std::find_if(kLacking.begin(), kLacking.end(),
                                    [&](std::string_view word) { return rest.starts_with(word); });
    if (!quoted && found != kLacking.end()) {
      kept += "null";
      at += found->size() - 1;
      continue;
    }
    if (text[at] == '"') quoted = !quoted;
    kept += text[at];
    if (quoted && text[at] == '\\' && at + 1 < text.size()) kept += text[++at];
  }
  return kept;
}

class Reader {
 public:
  explicit Reader(const std::filesystem::path& file) { run_.path = file; }

  RunFolder read() && {
    const ordered_json json =
        parse_json(without_nan(os::read_plain_file(run_.path)), run_.path, "it was cut off");
    if (!json.is_object() || !json.contains("benchmarks") || !json["benchmarks"].is_array())
      throw os::Error(fmt::format("{}: no list of benchmarks, not an output of Google Benchmark", native()),
                      "write it with --benchmark_out=FILE; a run of tlbstorm is named by its folder");
    for (const ordered_json& entry : json["benchmarks"]) add(entry);
    if (trials_.empty()) refuse_nothing();
    make_manifest(json.contains("context") && json["context"].is_object() ? json["context"]
                                                                          : ordered_json::object());
    return std::move(run_);
  }

 private:
  std::string native() const { return run_.path.native(); }
  [[noreturn]] void damaged(const std::string& problem) const {
    throw os::Error(fmt::format("{}: damaged, benchmarks[{}] {}", native(), entries_ - 1, problem));
  }
  [[noreturn]] void refuse_nothing() const {
    if (failed_ > 0) throw os::Error(fmt::format("{}: every benchmark in it failed or is spoilt", native()));
    if (entries_ > 0)
      throw os::Error(fmt::format("{}: aggregates only, none of the repetitions behind them", native()),
                      "leave out --benchmark_report_aggregates_only");
    throw os::Error(fmt::format("{}: no benchmark in it", native()), "see its --benchmark_filter");
  }

  void add(const ordered_json& entry);
  int trial_of(const ordered_json& entry, const std::string& name);
  double nanoseconds(const ordered_json& entry) const;
  Series& series(const std::string& name, const std::string& unit);
  void make_manifest(const ordered_json& context);

  RunFolder run_;
  std::unordered_map<std::string, std::size_t> index_;  ///< of the series
  std::map<std::string, std::set<int>> repetitions_;    ///< by name
  std::set<int> trials_;
  std::size_t entries_ = 0, failed_ = 0;
};

void Reader::add(const ordered_json& entry) {
  ++entries_;
  if (!entry.is_object()) damaged("is not an object");
  if (text_or(entry, "run_type", "iteration") != "iteration") return;
  const std::string name = text_or(entry, "run_name", text_or(entry, "name", ""));
  if (name.empty()) damaged("has no name");
  if (const std::string why = why_left_out(entry); !why.empty()) {
    ++failed_;
    run_.remarks.push_back(fmt::format("{}: left out: {}", excerpt(name), excerpt(why)));
    return;
  }
  const int trial = trial_of(entry, name);
  if (!repetitions_[name].insert(trial).second) {
    run_.remarks.push_back(
        fmt::format("{}: repetition {} is there twice, the second is left out", excerpt(name), trial));
    return;
  }
  trials_.insert(trial);
  const double scale = nanoseconds(entry);
  for (const auto& [key, value] : entry.items()) {
    if (!value.is_number() || contains(kNoFigures, key)) continue;
    const bool time = key == "real_time" || key == "cpu_time";
    const char* const unit = time                        ? "ns"
                             : key == "bytes_per_second" ? "bytes/s"
                             : key == "items_per_second" ? "items/s"
                                                         : "";
    const double figure = value.get<double>() * (time ? scale : 1);
    if (!std::isfinite(figure)) damaged("has a time out of range");
    series(fmt::format("{}/{}", name, key), unit).by_trial[trial] = figure;
  }
}

int Reader::trial_of(const ordered_json& entry, const std::string& name) {
  constexpr int kMost = 1'000'000;
  const auto index = entry.find("repetition_index");
  if (index == entry.end()) return static_cast<int>(repetitions_[name].size()) + 1;  // before version 1.5
  if (!index->is_number_unsigned() || *index >= kMost) damaged("has no number as repetition_index");
  return index->get<int>() + 1;
}

double Reader::nanoseconds(const ordered_json& entry) const {
  const std::string unit = text_or(entry, "time_unit", "ns");
  for (const auto& [name, factor] :
       {std::pair{"ns", 1.0}, std::pair{"us", 1e3}, std::pair{"ms", 1e6}, std::pair{"s", 1e9}})
    if (unit == name) return factor;
  damaged(fmt::format("has the time_unit '{}'", excerpt(unit)));
}

Series& Reader::series(const std::string& name, const std::string& unit) {
  const auto [found, fresh] = index_.try_emplace(name, run_.series.size());
  if (fresh) run_.series.push_back({name, unit, {}});
  return run_.series[found->second];
}

void Reader::make_manifest(const ordered_json& context) {
  RunManifest& manifest = run_.manifest;
  manifest.schema = kSchemaVersion;
  manifest.tool.name = "Google Benchmark";
  manifest.state = RunState::finished;
  manifest.started = text_or(context, "date", "");
  manifest.plan.workload = kBenchmark;
  manifest.plan.trials = static_cast<int>(trials_.size());
  for (const auto& [key, value] : context.items())
    if ((value.is_string() || value.is_number() || value.is_boolean()) && !contains(kNoFacts, key))
      manifest.machine.emplace_back(key, value.is_string() ? value.get<std::string>() : value.dump());
  if (context.contains("num_cpus"))
    manifest.topology = text_or(context, "topology", fmt::format("{} CPUs", context["num_cpus"].dump()));
  for (const int trial : trials_) {
    TrialRecord& record = manifest.trials.emplace_back();
    record.trial = trial;
    record.outcome = trial::Outcome::ok;
    record.valid = true;
  }
}

}  // namespace

bool is_benchmark_file(const std::filesystem::path& file) try {
  const os::Fd fd = os::open_plain_file(file);
  std::array<char, 4096> head{};
  const ssize_t got = ::read(fd.get(), head.data(), head.size());
  return os::trim({head.data(), static_cast<std::size_t>(std::max<ssize_t>(got, 0))}).starts_with('{');
} catch (const os::Error&) {
  return false;
}

RunFolder read_benchmark(const std::filesystem::path& file) { return Reader(file).read(); }

}  // namespace tlbstorm::record

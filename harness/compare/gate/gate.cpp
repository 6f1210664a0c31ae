// SPDX-License-Identifier: Apache-2.0
#include "harness/compare/gate/gate.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <tuple>

#include "harness/compare/change_text.hpp"
#include "harness/compare/gate/gross.hpp"
#include "harness/compare/gate/outcomes.hpp"
#include "harness/judge/sample_digest.hpp"
#include "harness/os/error.hpp"
#include "harness/os/units.hpp"
#include "harness/record/folders.hpp"
#include "harness/record/schema.hpp"

namespace tlbstorm::compare {
namespace {

/// A rule, the metric it is for, and the values it is held against.
struct Question {
  const GatePair* pair;
  const Rule* rule;
  MetricInfo metric;
  double bound;
  std::vector<double> base, next;
};

/// What either side of a pair has.
std::vector<MetricInfo> metrics_of(const GatePair& pair) {
  std::vector<MetricInfo> all = pair.next->metrics();
  if (pair.base != nullptr)
    for (const MetricInfo& metric : pair.base->metrics())
      if (std::none_of(all.begin(), all.end(),
                       [&](const MetricInfo& known) { return known.name == metric.name; }))
        all.push_back(metric);
  return all;
}

[[noreturn]] void refuse_metric(const Rule& rule, std::span<const GatePair> pairs) {
  std::vector<std::string> names;
  for (const GatePair& pair : pairs)
    for (const MetricInfo& metric : metrics_of(pair)) names.push_back(metric.name);
  const std::string near = os::nearest(rule.metric, names);
  throw os::UsageError("--rule", rule.text, fmt::format("the runs have no metric {}", rule.metric),
                       near.empty() ? "see: tlbstorm list metrics; tlbstorm report tells why one is absent"
                                    : fmt::format("did you mean {}?", near));
}

void ask(const GatePair& pair, const Rule& rule, bool paired, std::vector<Question>& all) {
  for (const MetricInfo& metric : metrics_of(pair)) {
    if (!wanted({rule.metric}, metric.name)) continue;
    if (rule.relative && pair.base == nullptr)
      throw os::UsageError("--rule", rule.text, "is a change, and there is no base", "name the base first");
    Question question{&pair, &rule, metric, rule.bound_in(metric.unit), {}, pair.next->values(metric.name)};
    if (rule.relative)
      std::tie(question.base, question.next) = values_of(*pair.base, *pair.next, metric.name, paired);
    all.push_back(std::move(question));
  }
}

std::vector<Question> questions(std::span<const GatePair> pairs, const std::vector<Rule>& rules,
                                bool paired) {
  std::vector<Question> all;
  for (const Rule& rule : rules) {
    const std::size_t before = all.size();
    for (const GatePair& pair : pairs) ask(pair, rule, paired, all);
    if (all.size() == before) refuse_metric(rule, pairs);
  }
  return all;
}

/// The base as it would be if it had changed by the bound exactly.
std::vector<double> moved(const std::vector<double>& base, double by) {
  std::vector<double> values = base;
  for (double& value : values) value += std::abs(value) * by;
  return values;
}

stats::Tail beyond(const Rule& rule) { return rule.at_most ? stats::Tail::higher : stats::Tail::lower; }

bool is_paired(const Question& question, const GateOptions& options) {
  return options.paired && question.base.size() == question.next.size();
}

double p_beyond(const Question& question, const GateOptions& options) {
  const std::vector<double> at_bound = moved(question.base, question.bound);
  if (!is_paired(question, options))
    return stats::mann_whitney(at_bound, question.next, beyond(*question.rule)).p;
  std::vector<double> differences;
  for (std::size_t i = 0; i < at_bound.size(); ++i) differences.push_back(question.next[i] - at_bound[i]);
  return stats::signed_rank(differences, beyond(*question.rule)).p;
}

double best_p(const Question& question, const GateOptions& options) {
  return is_paired(question, options)
             ? stats::smallest_p_of_pairs(question.next.size(), stats::Tail::higher)
             : stats::smallest_p(question.base.size(), question.next.size(), stats::Tail::higher);
}

/// The fewest trials a side, or pairs, whose best p is small enough; `best` is that of the trials there are.
std::size_t fewest_trials(const Question& question, double best, const GateOptions& options) {
  const double share = best / best_p(question, options);  // the correction over all rules
  std::size_t trials = 2;
  while ((is_paired(question, options) ? stats::smallest_p_of_pairs(trials, stats::Tail::higher)
                                       : stats::smallest_p(trials, trials, stats::Tail::higher)) *
             share >
         options.alpha)
    ++trials;
  return trials;
}

/// The p of each relative question, corrected over all of them; 1 for the others.
std::vector<double> corrected_p(const std::vector<Question>& all, const GateOptions& options) {
  std::vector<double> raw;
  for (const Question& question : all)
    if (question.rule->relative) raw.push_back(p_beyond(question, options));
  const std::vector<double> corrected = stats::holm(raw);
  std::vector<double> p(all.size(), 1);
  std::size_t next = 0;
  for (std::size_t i = 0; i < all.size(); ++i)
    if (all[i].rule->relative) p[i] = corrected[next++];
  return p;
}

/// Why a side has no value to judge. `who` is "the base".
std::string why_none(const Side& side, std::string_view who, const std::string& metric) {
  const auto sampled = [](const record::RunFolder& run) {
    return record::may_be_there(run.path / record::kSamplesFile);
  };
  if (side.has(metric) || side.valid_trials() == 0) return fmt::format("no valid trial of {} has it", who);
  if (judge::is_column(metric) && std::none_of(side.runs().begin(), side.runs().end(), sampled))
    return fmt::format("no counters are kept of {}: a baseline has no {}", who, record::kSamplesFile);
  return fmt::format("{} did not measure it: tlbstorm report may say why", who);
}

void judge_absolute(const Question& question, RuleResult& result) {
  if (question.next.empty()) {
    result.why = why_none(*question.pair->next, "the new runs", question.metric.name);
    return;
  }
  const bool keeps = question.rule->keeps(result.next.median, question.bound);
  result.ruling = keeps ? Ruling::pass : Ruling::fail;
  result.why = fmt::format("the median of {} trial{} is {} {}", result.next.n, result.next.n == 1 ? "" : "s",
                           os::format_figure(result.next.median), result.metric.unit);
}

std::string bound_text(const RuleResult& result) { return format_change(result.bound); }

/// A base of zero has no part to tell a change by.
std::string change_text(const RuleResult& result) {
  if (!std::isnan(result.change))
    return fmt::format("changed by {} ({})", format_change(result.change), format_interval(result.interval));
  return fmt::format("was {} and is {} (medians)", os::format_figure(result.base.median),
                     os::format_figure(result.next.median));
}

/// Whether the interval lies on one side of the bound as a whole.
bool lies_beyond(const RuleResult& result) {
  return result.rule.at_most ? result.interval.low > result.bound : result.interval.high < result.bound;
}
bool lies_within(const RuleResult& result) {
  constexpr double kRounding = 1e-9;  // 105 is 5% more than 100, and a bit more than that in floating point
  return result.rule.at_most ? result.interval.high <= result.bound + kRounding
                             : result.interval.low >= result.bound - kRounding;
}
/// Where there is no interval, as the base is zero: the values themselves.
bool all_keep(const Question& question) {
  const std::vector<double> at_bound = moved(question.base, question.bound);
  return std::all_of(question.next.begin(), question.next.end(), [&](double value) {
    return std::all_of(at_bound.begin(), at_bound.end(),
                       [&](double limit) { return question.rule->keeps(value, limit); });
  });
}

void judge_relative(const Question& question, double needed_p, const GateOptions& options,
                    RuleResult& result) {
  if (question.base.empty() || question.next.empty()) {
    result.why = question.base.empty() ? why_none(*question.pair->base, "the base", question.metric.name)
                                       : why_none(*question.pair->next, "the new runs", question.metric.name);
    return;
  }
  ComparisonOptions how;
  how.paired = options.paired;
  const MetricChange change = compare_values(question.metric, question.base, question.next, how);
  result.change = change.change;
  result.interval = change.interval;
  if (const auto gross = gross_change(*question.pair->base, *question.pair->next, question.metric,
                                      *question.rule, question.bound)) {
    result.ruling = Ruling::fail;
    result.why = fmt::format("{}, beyond {}; {}", change_text(result), bound_text(result), *gross);
    return;
  }
  if (needed_p > options.alpha) {
    const std::size_t fewest = fewest_trials(question, needed_p, options);
    result.why = is_paired(question, options)
                     ? fmt::format("{} pairs of trials could never fail this gate; {} could",
                                   question.base.size(), fewest)
                     : fmt::format("{} and {} trials could never fail this gate; {} a side could",
                                   question.base.size(), question.next.size(), fewest);
    if (question.pair->base->only_explained(question.metric.name) ||
        question.pair->next->only_explained(question.metric.name))
      result.why += "; only explaining trials count it: measure with --explain all";
    return;
  }
  const bool has_interval = !std::isnan(change.interval.low) && !std::isnan(change.interval.high);
  if (result.p <= options.alpha && (!has_interval || lies_beyond(result))) {
    if (!options.paired && drift_explains(*question.pair->base, *question.pair->next, change)) {
      result.why =
          "beyond it, but the values drift that way within the runs too: interleave them (tlbstorm ab)";
      return;
    }
    result.ruling = Ruling::fail;
    result.why = fmt::format("{}, beyond {}", change_text(result), bound_text(result));
    return;
  }
  const bool within = has_interval ? lies_within(result) : all_keep(question);
  if (within) result.ruling = Ruling::pass;
  result.why = fmt::format("{}, {} {}", change_text(result), within ? "within" : "which is not clear of",
                           bound_text(result));
}

/// Whatever the figures say, no verdict on them is sure.
void make_unsure(const GatePair& pair, RuleResult& result) {
  std::string doubt = pair.next->doubt();
  if (doubt.empty() && pair.base != nullptr) doubt = pair.base->doubt();
  const bool differs = pair.base != nullptr && result.rule.relative &&
                       instrument_differs(*pair.base, *pair.next, result.metric);
  if (doubt.empty() && !differs) return;
  if (result.ruling != Ruling::unsure)
    result.why = fmt::format("{}; but {}", result.why, differs ? kInstrumentDiffers : doubt);
  result.ruling = Ruling::unsure;
}

}  // namespace

std::string_view name(Ruling ruling) {
  static constexpr std::array<std::string_view, 3> kNames{"pass", "FAIL", "unsure"};
  return kNames[static_cast<std::size_t>(ruling)];
}

os::Finding to_finding(const RuleResult& result) {
  static constexpr std::array<os::Grade, 3> kGrades{os::Grade::ok, os::Grade::failed, os::Grade::unknown};
  os::Finding finding{.id = result.title.empty() ? "" : result.title + ": ",
                      .grade = kGrades[static_cast<std::size_t>(result.ruling)],
                      .found = result.why,
                      .source = "docs/comparing.md"};
  finding.id += result.rule.text;
  if (result.rule.metric != result.metric.name) finding.id += fmt::format(" ({})", result.metric.name);
  return finding;
}

Ruling Gate::ruling() const {
  if (corrupted) return Ruling::fail;
  Ruling all = complete ? Ruling::pass : Ruling::unsure;
  for (const RuleResult& result : results) {
    if (result.ruling == Ruling::fail) return Ruling::fail;
    if (result.ruling == Ruling::unsure) all = Ruling::unsure;
  }
  return all;
}

Gate judge(std::span<const GatePair> pairs, const std::vector<Rule>& rules, const GateOptions& options) {
  const std::vector<Question> all = questions(pairs, rules, options.paired);
  const std::vector<double> p = corrected_p(all, options);
  const auto relative = static_cast<double>(
      std::count_if(all.begin(), all.end(), [](const Question& one) { return one.rule->relative; }));
  Gate gate;
  for (const GatePair& pair : pairs)
    for (const Side* const side : {pair.base, pair.next})
      if (const std::string text = side == nullptr ? "" : side->corruption(); !text.empty()) {
        gate.corrupted |= side == pair.next;
        gate.notes.push_back(text);
      }
  for (const GatePair& pair : pairs)
    if (auto outcomes = judge_outcomes(pair)) gate.results.push_back(std::move(*outcomes));
  for (std::size_t i = 0; i < all.size(); ++i) {
    const Question& question = all[i];
    RuleResult result;
    result.title = question.pair->title;
    result.rule = *question.rule;
    result.metric = question.metric;
    result.bound = question.bound;
    result.base = stats::describe(question.base);
    result.next = stats::describe(question.next);
    result.p = p[i];
    if (question.rule->relative)
      judge_relative(question, best_p(question, options) * relative, options, result);
    else
      judge_absolute(question, result);
    make_unsure(*question.pair, result);
    gate.results.push_back(std::move(result));
  }
  return gate;
}

namespace {

/// The first of ever larger changes beyond the bound that the rule catches.
std::optional<double> first_caught(Question question, double questions, const GateOptions& options) {
  const double level = stats::median(question.next), wanted_level = stats::median(question.base);
  // As the new values would be had nothing changed: their own spread around the base's median.
  for (double& value : question.next) value *= level != 0 ? wanted_level / level : 1;
  const std::vector<double> unchanged = question.next;
  constexpr double kStep = 1.05, kFirst = 0.001, kMost = 10;
  // NOLINTNEXTLINE(bugprone-float-loop-counter): in steps of a ratio
  for (double excess = kFirst; excess < kMost; excess *= kStep) {
    const double change = question.bound + (question.rule->at_most ? excess : -excess);
    if (change <= -1 || question.next.empty() || question.base.empty()) break;
    question.next = moved(unchanged, change);
    RuleResult result;
    result.rule = *question.rule;
    result.bound = question.bound;
    result.p = std::min(1.0, p_beyond(question, options) * questions);
    if (result.p > options.alpha) continue;  // no need for its interval
    judge_relative(question, best_p(question, options) * questions, options, result);
    if (result.ruling == Ruling::fail) return change;
  }
  return std::nullopt;
}

}  // namespace

std::vector<Sensitivity> self_test(std::span<const GatePair> pairs, const std::vector<Rule>& rules,
                                   const GateOptions& options) {
  std::vector<Rule> relative;
  for (const Rule& rule : rules)
    if (rule.relative) relative.push_back(rule);
  const std::vector<Question> all = questions(pairs, relative, options.paired);
  std::vector<Sensitivity> found;
  for (const Question& question : all)
    found.push_back({question.pair->title, question.rule->text, question.metric.name, question.bound,
                     first_caught(question, static_cast<double>(all.size()), options)});
  return found;
}

}  // namespace tlbstorm::compare

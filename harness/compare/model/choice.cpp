// SPDX-License-Identifier: Apache-2.0
// Which parameters become terms, what else differs between the runs, and places as the user writes them.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "harness/compare/environment.hpp"
#include "harness/compare/model/model.hpp"
#include "harness/os/error.hpp"
#include "harness/os/text.hpp"
#include "harness/os/units.hpp"

namespace tlbstorm::compare {
namespace {

/// More than that need more runs than anyone makes.
constexpr std::size_t kMostTerms = 4;

bool varies(const std::vector<std::string>& values) {
  return std::set<std::string>(values.begin(), values.end()).size() > 1;
}

std::optional<Term> term_of(const Family& family, const std::string& parameter) {
  const std::vector<std::string> values = family.values(parameter);
  return values.empty() ? std::nullopt : make_term(parameter, values);
}

/// Parameters that are numbers in every run, and not the same in all.
std::vector<std::string> candidates(const Family& family) {
  std::vector<std::string> names;
  for (const std::string& name : family.parameters())
    if (varies(family.values(name)) && term_of(family, name)) names.push_back(name);
  return names;
}

std::string what_may_be(const Family& family) {
  const std::vector<std::string> names = candidates(family);
  return names.empty() ? "no number differs between these runs"
                       : fmt::format("numbers that differ between these runs: {}", fmt::join(names, ", "));
}

[[noreturn]] void refuse_unknown(const Family& family, const std::string& name) {
  for (const Observed& run : family.runs)
    if (family.parameters().contains(name) && !run.parameters.contains(name))
      throw os::UsageError("--by", name, fmt::format("the run {} has no such parameter", run.name),
                           what_may_be(family));
  const std::set<std::string> known = family.parameters();
  const std::string near = os::nearest(name, {known.begin(), known.end()});
  throw os::UsageError("--by", name, fmt::format("the runs of {} have no such parameter", family.name),
                       near.empty() ? what_may_be(family) : fmt::format("did you mean {}?", near));
}

Term asked_term(const Family& family, const std::string& name) {
  const std::vector<std::string> values = family.values(name);
  if (values.empty()) refuse_unknown(family, name);
  if (!varies(values))
    throw os::UsageError("--by", name,
                         fmt::format("is {} in every run, so that its price can't be told", values[0]),
                         what_may_be(family));
  if (const auto term = make_term(name, values)) return *term;
  const auto odd = std::find_if(values.begin(), values.end(), [&](const std::string& value) {
    return !make_term(name, std::span(&value, 1));
  });
  throw os::UsageError("--by", name, fmt::format("is no number: {}", odd == values.end() ? values[0] : *odd),
                       what_may_be(family));
}

/// Whether a fact, as compare names it, is what a term is made of.
bool is_term(const std::vector<Term>& terms, const std::string& what) {
  return std::any_of(terms.begin(), terms.end(), [&](const Term& term) {
    return what == term.name || what == fmt::format("parameters.{}", term.name);
  });
}

}  // namespace

std::vector<Term> choose_terms(const Family& family, const std::vector<std::string>& by) {
  if (by.size() > kMostTerms)
    throw os::UsageError("--by", fmt::format("{}", fmt::join(by, ",")), "too many terms",
                         fmt::format("name up to {}", kMostTerms));
  std::vector<Term> terms;
  for (const std::string& name : by) terms.push_back(asked_term(family, name));
  if (!terms.empty()) return terms;
  std::vector<std::string> names = candidates(family);
  // Where an option was swept, what else differs follows from it.
  if (family.swept.size() == 1 && std::find(names.begin(), names.end(), *family.swept.begin()) != names.end())
    names = {*family.swept.begin()};
  if (names.empty())
    throw os::Error(
        fmt::format("no number differs between the runs of {}, so that there is nothing to fit by",
                    family.name),
        "make runs that differ in one: tlbstorm run WORKLOAD --sweep OPTION=VALUES");
  for (const std::string& name : names) terms.push_back(*term_of(family, name));
  if (terms.size() > kMostTerms)
    throw os::Error(fmt::format("{} numbers differ between the runs of {}: {}", names.size(), family.name,
                                fmt::join(names, ", ")),
                    fmt::format("name up to {} of them with --by", kMostTerms));
  return terms;
}

namespace {

bool is_fact(const record::RunManifest& manifest, const std::string& what) {
  return what == "topology" || what == "flushes" || what == "tool_version" ||
         std::any_of(manifest.machine.begin(), manifest.machine.end(),
                     [&](const auto& fact) { return fact.first == what; });
}

}  // namespace

std::vector<Unlike> unlike(const Family& family, const std::vector<Term>& terms) {
  const auto side = [](const Observed& run) {
    return Side("", {record::RunFolder{run.from, run.manifest, {}, {}, {}, {}}});
  };
  std::vector<Unlike> all;
  const Side first = side(family.runs.front());
  for (const Observed& run : family.runs) {
    for (const Difference& one : differences(first, side(run))) {
      if (is_term(terms, one.what)) continue;
      auto found =
          std::find_if(all.begin(), all.end(), [&](const Unlike& known) { return known.what == one.what; });
      if (found == all.end()) {
        const bool of_machine = is_fact(run.manifest, one.what) || is_fact(first.manifest(), one.what);
        found = all.insert(all.end(), {one.what, {one.base}, of_machine});
      }
      if (std::find(found->values.begin(), found->values.end(), one.next) == found->values.end())
        found->values.push_back(one.next);
    }
  }
  std::stable_partition(all.begin(), all.end(), [](const Unlike& one) { return !one.of_machine; });
  return all;
}

std::vector<double> parse_place(const std::string& text, const std::vector<Term>& terms) {
  std::vector<std::string> names;
  for (const Term& term : terms) names.push_back(term.name);
  const std::string remedy = fmt::format("give a value for each term: {}=VALUE", fmt::join(names, "=VALUE,"));
  std::vector<std::optional<double>> values(terms.size());
  for (const std::string& part : os::split_list("--at", text)) {
    const std::size_t equals = part.find('=');
    if (equals == std::string_view::npos) throw os::UsageError("--at", text, "not NAME=VALUE", remedy);
    const std::string name(part.substr(0, equals));
    const auto found = std::find(names.begin(), names.end(), name);
    if (found == names.end()) {
      const std::string near = os::nearest(name, names);
      throw os::UsageError("--at", text, fmt::format("{} is no term", name),
                           near.empty() ? remedy : fmt::format("did you mean {}?", near));
    }
    const auto index = static_cast<std::size_t>(found - names.begin());
    if (values[index]) throw os::UsageError("--at", text, fmt::format("{} has two values", name), remedy);
    values[index] = terms[index].value(part.substr(equals + 1));
    if (!values[index])
      throw os::UsageError("--at", text, fmt::format("'{}' is no value of {}", part.substr(equals + 1), name),
                           fmt::format("give one such as {}", terms[index].example));
  }
  std::vector<double> place;
  for (std::size_t i = 0; i < terms.size(); ++i) {
    if (!values[i]) throw os::UsageError("--at", text, fmt::format("has no value for {}", names[i]), remedy);
    place.push_back(*values[i]);
  }
  return place;
}

}  // namespace tlbstorm::compare

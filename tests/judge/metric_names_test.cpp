// SPDX-License-Identifier: Apache-2.0
// That every metric that is named anywhere has its row, and that it is spelt in one place.
#include "harness/trial/metric_names.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <regex>
#include <set>

#include "harness/judge/metrics.hpp"
#include "tests/source_tree.hpp"

namespace tlbstorm::judge {
namespace {

namespace fs = std::filesystem;
using testing::IsEmpty;

std::set<std::string> quoted_in(const std::string& text) {
  static const std::regex kQuoted("\"([a-z][a-z0-9_]*)\"");
  std::set<std::string> names;
  for (std::sregex_iterator one(text.begin(), text.end(), kQuoted), end; one != end; ++one)
    names.insert((*one)[1]);
  return names;
}

std::set<std::string> with_rows() {
  std::set<std::string> names;
  for (const Metric& metric : metrics()) names.emplace(metric.name);
  return names;
}

std::set<std::string> common(const std::set<std::string>& a, const std::set<std::string>& b) {
  std::set<std::string> both;
  std::set_intersection(a.begin(), a.end(), b.begin(), b.end(), std::inserter(both, both.end()));
  return both;
}

TEST(MetricNames, HaveRows) {
  const auto named = quoted_in(test::text_of(test::source_tree() / "harness/trial/metric_names.hpp"));
  ASSERT_FALSE(named.empty());
  EXPECT_EQ(common(named, with_rows()), named);
}

/// What is read and written is no name of ours to change: tables of old names, keys of the manifest.
bool keeps_names_on_disk(const fs::path& file) {
  return file.native().find("/harness/record/") != std::string::npos;
}

TEST(MetricNames, AreSpeltByTheirRowOrTheDictionaryOnly) {
  for (const std::string ending : {".cpp", ".hpp"})
    for (const fs::path& file : test::source_files({"harness", "workloads"}, ending)) {
      const bool has_rows = file.native().ends_with("_metrics.cpp");
      if (has_rows || keeps_names_on_disk(file) || file.filename() == "metric_names.hpp") continue;
      EXPECT_THAT(common(quoted_in(test::text_of(file)), with_rows()), IsEmpty()) << file;
    }
}

}  // namespace
}  // namespace tlbstorm::judge

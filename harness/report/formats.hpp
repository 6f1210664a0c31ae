// SPDX-License-Identifier: Apache-2.0
// A comparison as people and programs want it: one file a format.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "harness/compare/comparison.hpp"

namespace tlbstorm::report {

enum class Sorting { as_listed, effect, p };

/// What is to be shown: one comparison, or one for each point of a sweep or run of a suite.
struct Report {
  std::vector<compare::Comparison> parts;
  Sorting sorting = Sorting::as_listed;
  bool coloured = false;
};

struct Format {
  std::string_view name;
  std::string_view meaning;
  std::string (*print)(const Report& report);
};

/// All of them; the first is the default.
std::span<const Format> formats();

std::string print_text(const Report& report);
std::string print_lkml(const Report& report);
std::string print_robot(const Report& report);
std::string print_markdown(const Report& report);
std::string print_csv(const Report& report);
std::string print_json(const Report& report);
std::string print_html(const Report& report);

// What the formats share.

/// The metrics of a part in the order asked for.
std::vector<const compare::MetricChange*> all_sorted(const compare::Comparison& comparison, Sorting sorting);
/// The same for people, without those that are zero in all trials.
std::vector<const compare::MetricChange*> sorted(const compare::Comparison& comparison, Sorting sorting);
/// The names of those.
std::vector<std::string> zeros(const compare::Comparison& comparison);
/// The metric's unit, marked where it depends on an emulator's time.
std::string format_unit(const compare::MetricChange& one, const compare::Comparison& comparison);
/// The columns that tell of a class of accesses' times, and a class in them: percentiles of either side, how
/// far apart the distributions are as wholes, p.
std::span<const std::string_view> distribution_titles();
std::vector<std::string> distribution_cells(const compare::DistributionChange& change);
/// A command as one would type it, without where its results were put.
std::string shell_line(const std::vector<std::string>& words);
/// The commands that made the runs, each once, and of which side they are; of interleaved trials the one
/// command.
struct Command {
  std::string side, line;
};
std::vector<Command> commands(const Report& report);
/// What keeps to a cell of a table in Markdown.
std::string markdown_cell(const std::string& text);
}  // namespace tlbstorm::report

// SPDX-License-Identifier: Apache-2.0
#include "harness/record/manifest_shape.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>
#include <string>
#include <vector>

#include "harness/os/error.hpp"
#include "harness/record/excerpt.hpp"
#include "harness/record/json_file.hpp"
#include "harness/record/schema.hpp"

namespace tlbstorm::record {
namespace {

using nlohmann::ordered_json;

enum class Kind {
  text,
  flag,
  index,    ///< a whole number that an int holds, not below zero
  count,    ///< a whole number of 64 bits, not below zero
  number,   ///< within what a 64-bit count holds
  seconds,  ///< within what a 64-bit count of nanoseconds holds
  list,     ///< of what the one part says
  map,      ///< by any key, of what the one part says
  object,   ///< of the parts, by their keys, and others that nobody reads
};

struct Shape {
  const char* key;
  Kind kind;
  std::vector<Shape> parts = {};
  bool needed = false;
  bool nullable = false;  ///< null is "there is none"; null as well when it is missing
};

Shape texts(const char* key) { return {key, Kind::list, {{"", Kind::text}}}; }
Shape text_map(const char* key) { return {key, Kind::map, {{"", Kind::text}}}; }
Shape objects(const char* key, std::vector<Shape> parts, bool needed = false) {
  return {key, Kind::list, {{"", Kind::object, std::move(parts)}}, needed};
}
Shape or_null(const char* key, Kind kind) { return {key, kind, {}, false, true}; }

Shape plan_shape() {
  using enum Kind;
  return {
      "plan",
      object,
      {{"workload", text},
       {"summary", text},
       {"operation", text},
       {"preset", text},
       {"pacing", text},
       {"mode", text},
       {"placement", text},
       {"mempolicy", text},
       {"expect", text},
       {"label", text},
       {"output", text},
       {"events", text},
       {"trials", index},
       {"workers", index},
       {"bystanders", index},
       {"gap_threshold_ns", count},
       or_null("warmup_seconds", seconds),
       or_null("duration_seconds", seconds),
       {"interval_seconds", seconds},
       {"timeout_seconds", seconds},
       {"sample_budget_us", number},
       or_null("memory_limit_bytes", count),
       or_null("ballast_bytes", count),
       {"seed", count},
       {"cpus", list, {{"", index}}},
       {"bystander_cpus", list, {{"", index}}},
       text_map("parameters"),
       text_map("settings"),
       objects("figures", {{"name", text, {}, true}, {"unit", text}, {"better", text}, {"meaning", text}}),
       texts("sizes"),
       texts("swap"),
       texts("probes"),
       texts("notes")},
      true};
}

Shape sampling_shape() {
  using enum Kind;
  const Shape reading{"", object, {{"read_us", number}, {"every_samples", index}, {"dear", flag}}};
  return {"sampling",
          object,
          {{"samples", count},
           {"late", count},
           {"dropped", count},
           {"mean_us", number},
           {"longest_us", number},
           {"probes", map, {reading}}}};
}

Shape trials_shape() {
  using enum Kind;
  return objects("trials",
                 {{"trial", index, {}, true},
                  {"outcome", text},
                  {"reason", text},
                  {"valid", flag},
                  {"reclaim_source", text},
                  {"timing_overhead_ns", count},
                  {"wrong_pages", object, {{"count", count}, texts("first")}},
                  texts("notes"),
                  objects("checks", {{"check", text}, {"verdict", text}, {"detail", text}}),
                  objects("absent", {{"metric", text}, {"reason", text}}),
                  {"tlb_ipis_by_phase", map, {{"", number}}},
                  sampling_shape()},
                 true);
}

const Shape& run_shape() {
  using enum Kind;
  static const Shape kRun{
      "",
      object,
      {{"schema", index, {}, true},
       {"state", text},
       {"reason", text},
       {"started", text},
       {"ended", text},
       {"topology", text},
       or_null("memory_bytes", count),
       {"tool", object, {{"name", text}, {"version", text}, texts("command")}},
       text_map("machine"),
       {"flush", object, {{"text", text}, {"hypervisor", text}, {"paravirt_offered", flag}}},
       objects("columns", {{"name", text, {}, true}, {"unit", text}, {"kind", text}}),
       objects("absent_probes", {{"probe", text}, {"reason", text}, {"remedy", text}, {"idle", flag}}),
       plan_shape(),
       trials_shape()}};
  return kRun;
}

const Shape& batch_shape() {
  using enum Kind;
  static const Shape kBatch{
      "",
      object,
      {{"schema", index},
       {"kind", text},
       {"name", text},
       {"about", text},
       objects(
           "entries",
           {{"name", text, {}, true}, {"value", text}, {"state", text}, {"reason", text}, texts("command")},
           true)}};
  return kBatch;
}

const char* description(Kind kind) {
  switch (kind) {
    case Kind::text:
      return "a text";
    case Kind::flag:
      return "true or false";
    case Kind::index:
    case Kind::count:
      return "a whole number in range";
    case Kind::number:
    case Kind::seconds:
      return "a number in range";
    case Kind::list:
      return "a list";
    case Kind::map:
    case Kind::object:
      return "an object";
  }
  return "";
}

bool is_whole(const ordered_json& value, std::uint64_t most) {
  return value.is_number_integer() && (value.is_number_unsigned() || value.get<std::int64_t>() >= 0) &&
         value.get<std::uint64_t>() <= most;
}

bool fits(const ordered_json& value, Kind kind) {
  constexpr double kMost = 1e18, kMostSeconds = 9e9;
  switch (kind) {
    case Kind::text:
      return value.is_string();
    case Kind::flag:
      return value.is_boolean();
    case Kind::index:
      return is_whole(value, std::numeric_limits<int>::max() - 1);
    case Kind::count:
      return is_whole(value, std::numeric_limits<std::uint64_t>::max());
    case Kind::number:
      return value.is_number() && std::abs(value.get<double>()) <= kMost;
    case Kind::seconds:
      return value.is_number() && std::abs(value.get<double>()) <= kMostSeconds;
    case Kind::list:
      return value.is_array();
    case Kind::map:
    case Kind::object:
      return value.is_object();
  }
  return false;
}

/// Walks a manifest along its shape; `where` is the way to the value, as one would write it.
class Check {
 public:
  explicit Check(const std::filesystem::path& file) : file_(file) {}

  void walk(ordered_json& value, const Shape& shape, const std::string& where) const {
    if (value.is_null() && shape.nullable) return;
    if (!fits(value, shape.kind)) damaged(where, fmt::format("is not {}", description(shape.kind)));
    if (shape.kind == Kind::object) {
      for (const Shape& part : shape.parts) part_of(value, part, where);
    } else if (shape.kind == Kind::list) {
      for (std::size_t i = 0; i < value.size(); ++i)
        walk(value[i], shape.parts.front(), fmt::format("{}[{}]", where, i));
    } else if (shape.kind == Kind::map) {
      for (auto& [key, element] : value.items())
        walk(element, shape.parts.front(), fmt::format("{}.{}", where, key));
    }
  }
  [[noreturn]] void damaged(const std::string& where, const std::string& problem) const {
    throw os::Error(fmt::format("{}: damaged, {} {}", file_.native(), excerpt(where), problem));
  }

 private:
  void part_of(ordered_json& object, const Shape& shape, const std::string& where) const {
    const std::string way = where.empty() ? shape.key : fmt::format("{}.{}", where, shape.key);
    if (object.contains(shape.key)) return walk(object[shape.key], shape, way);
    if (shape.needed) damaged(way, "is missing");
    if (shape.nullable) object[shape.key] = nullptr;
    if (shape.kind == Kind::list) object[shape.key] = ordered_json::array();
    if (shape.kind == Kind::map) object[shape.key] = ordered_json::object();
    if (shape.kind == Kind::object) walk(object[shape.key] = ordered_json::object(), shape, way);
  }
  const std::filesystem::path& file_;
};

void check_schema(const ordered_json& manifest, const std::filesystem::path& file) {
  if (!manifest.is_object())
    throw os::Error(fmt::format("{}: damaged, not a manifest of tlbstorm", file.native()));
  const auto schema = manifest.find("schema");
  if (schema == manifest.end() || !schema->is_number_integer() || *schema <= kSchemaVersion) return;
  throw os::Error(fmt::format("{}: schema {} is newer than this tool's {}", file.native(),
                              excerpt(schema->dump()), kSchemaVersion),
                  "read it with the version of tlbstorm that made it, or a later one");
}

void check_trials(const ordered_json& manifest, const Check& check) {
  std::set<int> seen;
  for (const auto& entry : manifest["trials"])
    if (const int trial = entry["trial"]; !seen.insert(trial).second)
      check.damaged(fmt::format("trial {}", trial), "is there twice");
}

}  // namespace

bool may_be_there(const std::filesystem::path& file) {
  std::error_code error;
  return std::filesystem::exists(file, error) || error;
}

bool has_text(const std::filesystem::path& file) {
  std::error_code error;
  return may_be_there(file) &&
         !(std::filesystem::is_regular_file(file, error) && std::filesystem::file_size(file, error) == 0);
}

void complete_run_manifest(ordered_json& manifest, const std::filesystem::path& file) {
  check_schema(manifest, file);  // first: what is newer may have another shape
  const Check check(file);
  check.walk(manifest, run_shape(), "");
  check_trials(manifest, check);
}

ordered_json read_run_manifest(const std::filesystem::path& file) {
  ordered_json manifest = read_json(file);
  complete_run_manifest(manifest, file);
  return manifest;
}

ordered_json read_batch_manifest(const std::filesystem::path& file) {
  ordered_json manifest = read_json(file);
  check_schema(manifest, file);
  Check(file).walk(manifest, batch_shape(), "");
  return manifest;
}

}  // namespace tlbstorm::record

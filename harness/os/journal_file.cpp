// SPDX-License-Identifier: Apache-2.0
#include "harness/os/journal_file.hpp"

#include <fmt/format.h>

#include <array>
#include <nlohmann/json.hpp>

#include "harness/os/error.hpp"
#include "harness/os/fd.hpp"
#include "harness/os/text.hpp"

namespace tlbstorm::os {
namespace {

using nlohmann::json;

struct KindName {
  Change::Kind kind;
  std::string_view name;  ///< in the journal's file
  std::string_view text;  ///< in messages, before the target
};
constexpr auto kKinds =
    std::to_array<KindName>({{Change::Kind::file, "file", "file"},
                             {Change::Kind::folder, "folder", "folder"},
                             {Change::Kind::swap, "swap", "swap on"},
                             {Change::Kind::cgroup, "cgroup", "cgroup"},
                             {Change::Kind::controller, "controller", "controllers of"},
                             {Change::Kind::value, "value", "value of"},
                             {Change::Kind::zram_add, "zram-add", "zram device being added"},
                             {Change::Kind::zram, "zram", "zram device"},
                             {Change::Kind::swap_header, "swap-header", "swap header on"}});

const KindName& entry(Change::Kind kind) {
  for (const KindName& candidate : kKinds)
    if (candidate.kind == kind) return candidate;
  throw Error("a change of unknown kind");
}

const KindName* find(std::string_view name) {
  for (const KindName& candidate : kKinds)
    if (candidate.name == name) return &candidate;
  return nullptr;
}

Change change_of(Change::Kind kind, const json& line) {
  const auto text = [&](const char* key) { return line.value(key, std::string()); };
  return {kind,
          line.at("target").get<std::string>(),
          line.at("before").get<std::string>(),
          text("proof"),
          text("partner"),
          text("partner_before")};
}

/// Unknown kinds by number, so that one that was undone is no longer one.
void parse_line(const json& line, JournalText& found, std::map<int, std::string>& unknown) {
  if (line.contains("boot")) found.boot = line.at("boot").get<std::string>();
  if (line.contains("undone")) {
    found.in_force.erase(line.at("undone").get<int>());
    unknown.erase(line.at("undone").get<int>());
  }
  if (line.contains("made"))
    if (const auto made = found.in_force.find(line.at("made").get<int>()); made != found.in_force.end())
      made->second.proof = line.at("proof").get<std::string>();
  if (!line.contains("kind")) return;
  const int id = line.at("id").get<int>();
  const auto kind = line.at("kind").get<std::string>();
  if (const KindName* const known = find(kind))
    found.in_force[id] = change_of(known->kind, line);
  else
    unknown[id] = kind;
}

}  // namespace

std::string Change::text() const {
  return target.empty() ? std::string(entry(kind).text) : fmt::format("{} {}", entry(kind).text, target);
}

bool Change::outlives_a_boot() const {
  return kind == Kind::file || kind == Kind::folder || kind == Kind::swap_header;
}

std::string boot_id() {
  return std::string(trim(try_read_text("/proc/sys/kernel/random/boot_id").value_or("")));
}

std::string heading_line(const std::string& boot, int pid) {
  return json{{"boot", boot}, {"pid", pid}}.dump();
}

std::string change_line(int id, const Change& change) {
  json line{{"id", id},
            {"kind", entry(change.kind).name},
            {"target", change.target},
            {"before", change.before},
            {"proof", change.proof}};
  if (!change.partner.empty()) {
    line["partner"] = change.partner;
    line["partner_before"] = change.partner_before;
  }
  return line.dump();
}

std::string proof_line(int id, const std::string& proof) {
  return json{{"made", id}, {"proof", proof}}.dump();
}

std::string undone_line(int id) { return json{{"undone", id}}.dump(); }

JournalText parse_journal(std::string_view text) {
  JournalText found;
  std::map<int, std::string> unknown;
  for (int number = 1; !text.empty(); ++number) {
    const bool torn = text.find('\n') == std::string_view::npos;
    try {
      parse_line(json::parse(take_line(text)), found, unknown);
    } catch (const json::exception&) {
      if (!torn) found.damaged.push_back(number);
    }
  }
  for (auto& [id, kind] : unknown) found.unknown.push_back(std::move(kind));
  return found;
}

}  // namespace tlbstorm::os

// SPDX-License-Identifier: Apache-2.0
// The lines of a journal's file: a heading, each change before it is made, what proved it once it was, and
// that it was undone.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "harness/os/change.hpp"

namespace tlbstorm::os {

// How the names of journals begin: of runs, of what is to stay in force, and of those that can't be read.
inline constexpr std::string_view kRuns = "journal-";
inline constexpr std::string_view kKept = "kept-";
inline constexpr std::string_view kDamaged = "damaged-";

/// Of this boot; empty where it can't be told.
std::string boot_id();

std::string heading_line(const std::string& boot, int pid);
std::string change_line(int id, const Change& change);
std::string proof_line(int id, const std::string& proof);
std::string undone_line(int id);

/// What a journal's text says is still in force, by number, which grows with time. A torn last line is of a
/// change that was not yet made.
struct JournalText {
  std::string boot;
  std::map<int, Change> in_force;
  std::vector<std::string> unknown;  ///< kinds that a newer version wrote
  std::vector<int> damaged;          ///< numbers of the lines that make no sense
};
JournalText parse_journal(std::string_view text);

}  // namespace tlbstorm::os

// SPDX-License-Identifier: Apache-2.0
// JSON as it is read from files of others and as it is written: manifests, outputs of Google Benchmark, and
// what is printed for programs.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace tlbstorm::record {

/// The JSON of a file, its texts made printable. Throws os::Error with file and line, and the hint, where it
/// is none.
nlohmann::ordered_json read_json(const std::filesystem::path& file, const std::string& hint = {});
/// The same of a text that was read already from `file`, where it begins at a line.
nlohmann::ordered_json parse_json(std::string_view text, const std::filesystem::path& file,
                                  const std::string& hint = {}, std::size_t first_line = 1);

/// A whole document in ASCII, whatever bytes the names of files in it have: valid JSON wherever it is
/// printed.
std::string json_text(const nlohmann::ordered_json& json);

}  // namespace tlbstorm::record

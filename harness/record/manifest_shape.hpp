// SPDX-License-Identifier: Apache-2.0
// What run.json and batch.json are made of. A manifest is checked once, when it is read: whoever uses it
// later finds every value that is there to be of its type, and every list and object to be there.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

namespace tlbstorm::record {

/// Reads run.json or batch.json. Throws os::Error with the file, and what in it is wrong.
nlohmann::ordered_json read_run_manifest(const std::filesystem::path& file);
nlohmann::ordered_json read_batch_manifest(const std::filesystem::path& file);

/// Gives a manifest that was not read from run.json all that readers count on. Throws as they do.
void complete_run_manifest(nlohmann::ordered_json& manifest, const std::filesystem::path& file);

/// Whether there is such a file; where that can't be told, opening it will say why.
bool may_be_there(const std::filesystem::path& file);

/// The same of one with something in it. An empty one was being made when its tool was killed, or had not
/// reached the disk when the machine lost its power.
bool has_text(const std::filesystem::path& file);

}  // namespace tlbstorm::record

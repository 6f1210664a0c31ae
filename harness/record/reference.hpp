// SPDX-License-Identifier: Apache-2.0
// Runs kept to compare with, small enough for git: the manifest and what its trials gave, without the
// samples.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "harness/record/run_folder.hpp"

namespace tlbstorm::record {

inline constexpr const char* kReferenceFolder = "results/reference";

/// What kind of machine made a run, as a folder's name: "amd-epyc-2cpu-1socket-kvm". Not which one.
std::string machine_id(const RunFolder& run);

/// Copies a run, compact, into FOLDER/<machine-id>/NAME; NAME is the workload, preset or label, and kernel
/// when empty. A sweep, a suite or repeated runs become one reference, as a folder of the same kind. Returns
/// where it is. Throws os::UsageError when something is there, os::SystemError.
std::filesystem::path add_reference(const std::filesystem::path& run, const std::filesystem::path& folder,
                                    const std::string& name);

/// Puts a run in the place of a reference, which is kept beside it as NAME-until-DATE. Returns where that is.
/// Throws as add_reference() does, and then nothing has changed.
std::filesystem::path refresh_reference(const std::filesystem::path& reference,
                                        const std::filesystem::path& run);

/// What a user names: a path, or the name of a baseline in the folder. Throws os::UsageError.
std::filesystem::path find_reference(std::string_view option, const std::filesystem::path& folder,
                                     const std::string& name);

/// The runs below a folder, by path.
std::vector<std::filesystem::path> list_references(const std::filesystem::path& folder);

}  // namespace tlbstorm::record

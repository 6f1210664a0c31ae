// SPDX-License-Identifier: Apache-2.0
// What a user names on the command line, as comparisons: runs against runs, sweeps and suites point by point,
// and folders that hold both sides.
#pragma once

#include <filesystem>
#include <utility>
#include <vector>

#include "harness/compare/comparison.hpp"
#include "harness/record/batch.hpp"

namespace tlbstorm::compare {

/// The metric of a sweep of workers: what each worker does, as a part of what each did at the first point.
inline constexpr const char* kOfLinear = "of_linear";

/// Two sides as named on the command line.
struct Sides {
  std::string title;       ///< the point of a sweep or run of a suite
  std::vector<Side> base;  ///< one, or none
  Side next;
  bool paired = false;
  bool of_one_folder = false;             ///< what differs between them is what was to be compared
  std::string made_by = {};               ///< the command that interleaved them
  std::vector<std::string> missing = {};  ///< of all points, on the first: what only the base has a run of
  std::vector<std::string> added = {};    ///< the same of the new side
};

/// The sides that folders make: runs pooled, sweeps and suites run by run. `alone` lets a single folder be
/// the new side without a base. Throws os::Error.
std::vector<Sides> read_sides(const std::vector<std::filesystem::path>& folders,
                              const std::vector<std::filesystem::path>& more_base, bool alone, bool raw);

/// The base and what is new, from the command line: the first folder is the base, the rest are new; a single
/// folder must hold both sides. Throws os::UsageError when the sides are unlike and `force` is not
/// given.
std::vector<Comparison> compare_folders(const std::vector<std::filesystem::path>& folders,
                                        const std::vector<std::filesystem::path>& more_base,
                                        const ComparisonOptions& options, bool force);

/// The runs of `tlbstorm ab`, base and new, pair by pair; a pair of which one run is missing is left out.
std::pair<std::vector<record::RunFolder>, std::vector<record::RunFolder>> runs_of_ab(
    const record::Batch& batch);

/// What the sides of a folder are called in it.
inline constexpr const char* kBaseValue = "base";
inline constexpr const char* kNextValue = "new";

}  // namespace tlbstorm::compare

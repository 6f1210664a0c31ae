// SPDX-License-Identifier: Apache-2.0
// The project's own files, for tests of what they say.
#pragma once

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

namespace tlbstorm::test {

inline std::filesystem::path source_tree() {
  return std::filesystem::path(TLBSTORM_FIXTURES).parent_path().parent_path();
}

inline std::string text_of(const std::filesystem::path& file) {
  std::ifstream in(file);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// All files below some folders of the tree whose names end so, in order.
inline std::vector<std::filesystem::path> source_files(const std::vector<std::string>& folders,
                                                       std::string_view ending) {
  std::vector<std::filesystem::path> files;
  for (const std::string& folder : folders)
    for (const auto& entry : std::filesystem::recursive_directory_iterator(source_tree() / folder))
      if (entry.is_regular_file() && entry.path().native().ends_with(ending)) files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace tlbstorm::test

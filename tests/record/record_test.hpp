// SPDX-License-Identifier: Apache-2.0
// What the tests of readers share: files of a folder of their own, and the exact words of an error about
// them.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "harness/os/error.hpp"
#include "tests/temporary_folder.hpp"

namespace tlbstorm::record {

class RecordTest : public ::testing::Test {
 protected:
  std::filesystem::path put(const std::string& name, const std::string& text) const {
    const std::filesystem::path file = folder_ / name;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file, std::ios::binary) << text;
    return file;
  }
  /// What the error says, with the folder's name taken out; empty when there is none.
  template <typename Body>
  std::string complaint(Body body) const {
    try {
      body();
    } catch (const os::Error& error) {
      std::string text = error.what();
      if (const auto at = text.find(folder_.native()); at != std::string::npos)
        text.erase(at, folder_.native().size() + 1);
      return text;
    }
    return "";
  }
  /// The hint that comes with the error.
  template <typename Body>
  std::string hint(Body body) const {
    try {
      body();
    } catch (const os::Error& error) {
      return error.hint();
    }
    return "";
  }
  const test::TemporaryFolder folder_of_test_;
  const std::filesystem::path folder_ = folder_of_test_.path();
};

}  // namespace tlbstorm::record

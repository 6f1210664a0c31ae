// SPDX-License-Identifier: Apache-2.0
// Journals that a test writes, in a folder of its own.
#pragma once

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include "harness/os/clock.hpp"
#include "harness/os/error.hpp"
#include "harness/os/identity.hpp"
#include "harness/os/journal_file.hpp"
#include "harness/os/mapping.hpp"
#include "harness/os/process.hpp"
#include "harness/os/restore.hpp"
#include "harness/os/swap_header.hpp"
#include "harness/os/text.hpp"
#include "tests/temporary_folder.hpp"

namespace tlbstorm::os {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class RestoreTest : public ::testing::Test {
 protected:
  ~RestoreTest() override { write_text(kernel_file_, before_); }

  static void make_file(const fs::path& path, const std::string& text = "") { std::ofstream(path) << text; }
  fs::path ours(const char* what) const { return top_ / (own_name() + what); }
  static std::string heading(bool this_boot = true) {
    return heading_line(this_boot ? boot_id() : "another", 1) + "\n";
  }
  static std::string line(int id, const char* kind, const fs::path& target, const std::string& before = "",
                          const std::string& proof = "") {
    return fmt::format(R"({{"id":{},"kind":"{}","target":"{}","before":"{}","proof":"{}"}})", id, kind,
                       target.native(), before, proof) +
           "\n";
  }
  /// With the identity that it has now.
  static std::string file_line(int id, const fs::path& path) {
    return line(id, "file", path, "", identity_at(AT_FDCWD, path));
  }
  fs::path write(const std::string& lines, const std::string& name = "journal-999999999.jsonl",
                 bool this_boot = true) const {
    fs::create_directories(state_);
    make_file(state_ / name, heading(this_boot) + lines);
    return state_ / name;
  }
  std::string value() const { return std::string(trim(read_text(kernel_file_))); }
  std::string raised(int by) const { return std::to_string(std::stoi(before_) + by); }

  const test::TemporaryFolder folder_of_test_;
  const fs::path top_ = folder_of_test_.path();
  const fs::path state_ = top_ / "state";
  /// Ours, of a kind that an ordinary user may raise and lower again.
  const fs::path kernel_file_ = fmt::format("/proc/{}/oom_score_adj", ::getpid());
  const std::string before_ = value();
};

}  // namespace tlbstorm::os

// SPDX-License-Identifier: Apache-2.0
// Short runs that change the machine.
#pragma once

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/loop.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <fstream>
#include <thread>

#include "harness/os/fd.hpp"
#include "harness/os/journal_file.hpp"
#include "harness/os/swap_header.hpp"
#include "harness/os/text.hpp"
#include "tests/system/loop_device.hpp"
#include "tests/system/tool.hpp"

namespace tlbstorm::test {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using Words = std::vector<std::string>;

inline std::string sysctl(const std::string& name) {
  return std::string(os::trim(text_of("/proc/sys/vm/" + name)));
}

class Undo : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!is_root()) GTEST_SKIP() << "swap, sysctls and memory cgroups need root";
  }
  /// One short trial, with more options.
  Words short_run(const Words& more) {
    folder_ = place_.new_folder();
    Words words{"run",      "pageout", "--pages", "dirty-anon", "--region", "2M",
                "--trials", "1",       "--quiet", "--output",   folder_};
    if (std::find(more.begin(), more.end(), "--rounds") == more.end())
      words.insert(words.end(), {"--rounds", "1"});
    words.insert(words.end(), more.begin(), more.end());
    return words;
  }
  Finished run(const Words& more) { return place_.run(short_run(more)); }

  Workplace place_;
  std::string folder_;
};

}  // namespace tlbstorm::test

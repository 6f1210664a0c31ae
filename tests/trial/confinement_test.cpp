// SPDX-License-Identifier: Apache-2.0
// A memory limit that others meddle with, on a file that stands in for the kernel's.
#include "harness/trial/confinement.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "tests/temporary_folder.hpp"

namespace tlbstorm::trial {
namespace {

using testing::HasSubstr;

class MemoryLimitTest : public ::testing::Test {
 protected:
  MemoryLimitTest() { put("max"); }
  void put(const std::string& value) const { std::ofstream(file_) << value << "\n"; }

  const test::TemporaryFolder folder_;
  const std::filesystem::path file_ = folder_.path() / "memory.max";
};

TEST_F(MemoryLimitTest, IsWrittenAndHolds) {
  const MemoryLimit limit(file_, os::Bytes{32 << 20});
  EXPECT_EQ(os::read_text(file_).substr(0, 8), "33554432");
  EXPECT_EQ(limit.changed(), "");
  EXPECT_EQ(MemoryLimit().changed(), "") << "of a trial that is not confined";
}

TEST_F(MemoryLimitTest, ThatSomeoneChangesIsToldWithBothValues) {
  const MemoryLimit limit(file_, os::Bytes{32 << 20});
  put("67108864");
  EXPECT_THAT(limit.changed(), HasSubstr("was changed while it ran"));
  EXPECT_THAT(limit.changed(), HasSubstr("and is 67108864"));
}

TEST_F(MemoryLimitTest, ThatGoesWithItsControllerIsTold) {
  const MemoryLimit limit(file_, os::Bytes{32 << 20});
  std::filesystem::remove(file_);
  EXPECT_THAT(limit.changed(), HasSubstr("is gone"));
  EXPECT_THAT(limit.changed(), HasSubstr("cgroup.subtree_control"));
  put("max");  // the controller is back, and every limit below it is lost
  EXPECT_THAT(limit.changed(), HasSubstr("and is max"));
}

TEST_F(MemoryLimitTest, ThatComesWhereThereWasNoneIsTold) {
  const MemoryLimit limit(file_, std::nullopt);
  EXPECT_EQ(limit.changed(), "");
  put("1048576");
  EXPECT_THAT(limit.changed(), HasSubstr("was max and is 1048576"));
}

}  // namespace
}  // namespace tlbstorm::trial

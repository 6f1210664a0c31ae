// SPDX-License-Identifier: Apache-2.0
#include "harness/trial/settings.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

#include "harness/os/error.hpp"
#include "harness/os/text.hpp"
#include "tests/temporary_folder.hpp"

namespace tlbstorm::trial {
namespace {

using testing::HasSubstr;

/// A tree as /proc/sys.
class Sysctls : public testing::Test {
 protected:
  Sysctls() {
    std::filesystem::create_directories(root_.path() / "vm");
    put("swappiness", "60\n");
    put("lowmem_reserve_ratio", "256\t256\t32\n");
    put("name", "some text\n");
  }
  void put(const std::string& name, const std::string& text) const {
    std::ofstream(root_.path() / "vm" / name) << text;
  }
  std::string refusal(const std::string& text) const {
    try {
      parse_sysctls(text, root_.path());
    } catch (const os::UsageError& error) {
      EXPECT_NE(error.hint(), "") << error.what();
      return error.what();
    }
    return "accepted";
  }

  test::TemporaryFolder root_;
};

TEST_F(Sysctls, AreFilesAndTheirValues) {
  const auto settings = parse_sysctls("vm.swappiness=100,vm.lowmem_reserve_ratio=1 2 3", root_.path());
  ASSERT_EQ(settings.size(), 2u);
  EXPECT_EQ(settings[0], Setting(root_.path() / "vm/swappiness", "100"));
  EXPECT_EQ(settings[1].second, "1 2 3");
  EXPECT_EQ(refusal("vm.name=anything at all"), "accepted");
}

TEST_F(Sysctls, ValueIsLikeTheOneThatIsThere) {
  for (const char* const value :
       {"abc", "0x10", "010", "1e3", "1.5", "+5", "nan", "--5", "18446744073709551616"})
    EXPECT_THAT(refusal(std::string("vm.swappiness=") + value),
                HasSubstr(std::string("--sysctl vm.swappiness=") + value + ": not a decimal number"));
  EXPECT_THAT(refusal("vm.swappiness="), HasSubstr("--sysctl vm.swappiness=: there is no value in it"));
  EXPECT_THAT(refusal("vm.swappiness=1 2"), HasSubstr("2 numbers where 1 are"));
  EXPECT_THAT(refusal("vm.lowmem_reserve_ratio=1"), HasSubstr("1 numbers where 3 are"));
  EXPECT_THAT(refusal("vm.name="), HasSubstr("there is no value in it"));
}

TEST_F(Sysctls, NameIsOneOfTheKernels) {
  for (const char* const wrong :
       {"vm.none=1", "x=1", "=1", "vm=1", "..passwd=1", "/etc/passwd=1", "vm..swappiness=1",
        "vm.swappiness/=1", "swappiness", "vm.swappiness=1,", ",", "vm.\xc3\xa9=1"})
    EXPECT_THAT(refusal(wrong), HasSubstr(std::string("--sysctl ") + wrong));
}

TEST_F(Sysctls, EachHasOneValue) {
  EXPECT_THAT(refusal("vm.swappiness=10,vm.name=x,vm.swappiness=20"), HasSubstr("it is set twice"));
}

TEST_F(Sysctls, ThatCanNotBePutBackAreRefused) {
  if (::geteuid() == 0) GTEST_SKIP() << "root reads every file of a disk";
  std::filesystem::permissions(root_.path() / "vm/swappiness", std::filesystem::perms::owner_write);
  EXPECT_THAT(refusal("vm.swappiness=1"), HasSubstr("can't be read"));
  std::filesystem::permissions(root_.path() / "vm/name", std::filesystem::perms::owner_read);
  EXPECT_THAT(refusal("vm.name=1"), HasSubstr("it can't be set: Permission denied"));
}

TEST_F(Sysctls, ValueIsSetForTheRunAndWhatTheKernelDoesNotTakeIsTheUsers) {
  // Ours, of a kind that an ordinary user may raise and lower again.
  const std::filesystem::path file = "/proc/self/oom_score_adj";
  const std::string before(os::trim(os::read_text(file))), raised = std::to_string(std::stoi(before) + 1);
  os::Journal journal(root_.path() / "state");
  set_for_the_run(journal, {file, raised});
  EXPECT_EQ(os::trim(os::read_text(file)), raised);
  EXPECT_THROW(set_for_the_run(journal, {file, "100000"}), os::UsageError);
  EXPECT_TRUE(journal.undo_all().empty());
  EXPECT_EQ(os::trim(os::read_text(file)), before);
}

}  // namespace
}  // namespace tlbstorm::trial

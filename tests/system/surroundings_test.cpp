// SPDX-License-Identifier: Apache-2.0
// Odd surroundings: environments, folders, users and CPUs that a run may find.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <grp.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <functional>

#include "tests/system/tool.hpp"

namespace tlbstorm::test {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using Words = std::vector<std::string>;

/// A variable of the environment for as long as this lives; nothing is "not set".
class Variable {
 public:
  Variable(const char* name, const char* value) : name_(name) {
    if (const char* const before = std::getenv(name)) before_ = before;
    value == nullptr ? ::unsetenv(name) : ::setenv(name, value, 1);
  }
  ~Variable() { before_ ? ::setenv(name_, before_->c_str(), 1) : ::unsetenv(name_); }
  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;

 private:
  const char* name_;
  std::optional<std::string> before_;
};

class Surroundings : public ::testing::Test {
 protected:
  static Words short_run(const std::string& output) {
    return {"run",      "pageout", "--region", "2M",       "--rounds", "1",
            "--trials", "1",       "--quiet",  "--output", output};
  }
  /// Runs the tool after `before` in a process of its own, such as one that becomes another user.
  Finished run_after(const std::function<void()>& before, const Words& words) const {
    const pid_t pid = ::fork();
    if (pid == 0) {
      before();
      const Finished done = place_.run(words);
      ::_exit(done.code);
    }
    int status = 0;
    ::waitpid(pid, &status, 0);
    return {WEXITSTATUS(status), text_of(place_.path() / "out"), text_of(place_.path() / "err")};
  }

  Workplace place_;
};

TEST_F(Surroundings, NamesOfAnyKindAreNames) {
  for (const std::string& name :
       {std::string("a name with blanks"), std::string("z\u00fcge \u2013 \u540d\u524d"),
        std::string("two\nlines"), std::string("quote ' \" \\ $(false) `false`"), std::string("-dash"),
        std::string("{curly} %s")}) {
    const fs::path folder = place_.path() / name;
    const Finished done = place_.run(short_run(folder));
    EXPECT_EQ(done.code, 0) << name << ": " << done.err;
    EXPECT_EQ(place_.run({"report", folder}).code, 0) << name;
    EXPECT_EQ(place_.run({"compare", folder, folder, "--force"}).code, 0)
        << name << text_of(place_.path() / "err");
    EXPECT_EQ(manifest(folder)["plan"]["output"], folder.native());
  }
}

TEST_F(Surroundings, DecimalCommaChangesNoFigure) {
  for (const char* const locale : {"de_DE.UTF-8", "C", "tr_TR.UTF-8"}) {
    const Variable all("LC_ALL", locale), language("LANG", locale);
    const std::string folder = place_.new_folder();
    Words words = short_run(folder);
    words.insert(words.end(), {"--sample-budget", "12.5%"});
    const Finished done = place_.run(words);
    EXPECT_EQ(done.code, 0) << locale << done.err;
    EXPECT_FALSE(figures(folder, "ns_per_page").empty()) << locale;
    EXPECT_EQ(manifest(folder)["plan"]["sample_budget"], 0.125) << locale;
  }
}

TEST_F(Surroundings, OneCpuIsEnoughAndIsSaid) {
  cpu_set_t before, one;
  ASSERT_EQ(::sched_getaffinity(0, sizeof before, &before), 0);
  CPU_ZERO(&one);
  for (int cpu = CPU_SETSIZE - 1; cpu >= 0; --cpu)
    if (CPU_ISSET(cpu, &before) && CPU_COUNT(&one) == 0) CPU_SET(cpu, &one);
  const std::string folder = place_.new_folder();
  ASSERT_EQ(::sched_setaffinity(0, sizeof one, &one), 0);
  const Finished done = place_.run(short_run(folder));
  ::sched_setaffinity(0, sizeof before, &before);
  EXPECT_EQ(done.code, 0) << done.err;
  EXPECT_EQ(manifest(folder)["plan"]["workers"], 1);
  EXPECT_THAT(done.out, HasSubstr("several_cpus"));
}

TEST_F(Surroundings, FolderThatCannotBeWrittenIsRefusedBeforeAnythingIsTouched) {
  if (!is_root()) GTEST_SKIP() << "mounting needs root";
  const fs::path there = place_.path() / "read-only";
  fs::create_directory(there);
  ASSERT_EQ(::mount("nothing", there.c_str(), "tmpfs", MS_RDONLY, ""), 0);
  const Finished done = place_.run(short_run(there / "run"));
  ::umount(there.c_str());
  EXPECT_EQ(done.code, 2);
  EXPECT_THAT(done.err, HasSubstr("--output " + (there / "run").native()));
  EXPECT_EQ(place_.leftovers(), "");
}

TEST_F(Surroundings, StateFolderThatCannotBeWrittenEndsARunBeforeItsFirstChange) {
  if (!is_root()) GTEST_SKIP() << "mounting needs root";
  const fs::path there = place_.path() / "state";
  fs::create_directory(there);
  ASSERT_EQ(::mount("nothing", there.c_str(), "tmpfs", MS_RDONLY, "mode=0755"), 0);
  Words words = short_run(place_.new_folder());
  words.insert(words.end(), {"--pages", "dirty-anon", "--swap", "zram:64M"});
  const Finished done = place_.run(words);
  ::umount(there.c_str());
  EXPECT_EQ(done.code, 1);
  EXPECT_THAT(done.err, HasSubstr("keep the journal in"));
  EXPECT_THAT(done.err, HasSubstr("TLBSTORM_STATE_DIR"));
  EXPECT_EQ(place_.leftovers(), "");
}

TEST_F(Surroundings, MountWithoutOwnersIsNamed) {
  if (!is_root()) GTEST_SKIP() << "mounting needs root";
  const fs::path there = place_.path() / "odd";
  fs::create_directory(there);
  ASSERT_EQ(::mount("nothing", there.c_str(), "tmpfs", 0, "uid=65534,mode=0755"), 0);
  const Finished theirs = place_.run(short_run(there));
  ::umount(there.c_str());
  EXPECT_EQ(theirs.code, 2);
  EXPECT_THAT(theirs.err,
              HasSubstr("belongs to nobody, not to root (tmpfs mounted on " + there.native() + ")"));
}

TEST_F(Surroundings, UserWithoutAHomeAndWithoutTracefsMeasures) {
  if (!is_root()) GTEST_SKIP() << "only root can become nobody";
  const fs::path theirs = place_.path() / "theirs";
  fs::create_directory(theirs);
  ASSERT_EQ(::chown(theirs.c_str(), 65534, 65534), 0);
  ASSERT_EQ(::chmod(place_.path().c_str(), 0755), 0);
  for (const char* const file : {"out", "err"}) {
    ::close(::open((place_.path() / file).c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0666));
    ASSERT_EQ(::chmod((place_.path() / file).c_str(), 0666), 0);
  }
  const Variable home("HOME", nullptr), runtime("XDG_RUNTIME_DIR", nullptr);
  const std::string folder = theirs / "run";
  const Finished done = run_after(
      [] {
        const gid_t group = 65534;
        if (::setgroups(1, &group) != 0 || ::setgid(group) != 0 || ::setuid(65534) != 0) ::_exit(125);
      },
      {"run", "file-cache", "--pressure", "global", "--size", "64M", "--file", theirs / "data", "--sparse",
       "--trials", "1", "--warmup", "0", "--duration", "200ms", "--output", folder});
  if (done.code == 2) {
    EXPECT_THAT(done.err, HasSubstr("hint: "));  // a machine whose memory no file of that size fills
    return;
  }
  EXPECT_EQ(done.code, 0) << done.err;
  EXPECT_FALSE(manifest(folder)["absent_probes"].empty());
}

}  // namespace
}  // namespace tlbstorm::test

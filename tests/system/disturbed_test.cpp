// SPDX-License-Identifier: Apache-2.0
// Trials beside other load: whatever kind it is and however short they are, none of them passes, and who
// disturbed is named.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <signal.h>

#include "tests/system/physics.hpp"

namespace tlbstorm::test {
namespace {

/// A program that takes a part of one CPU.
struct Hog {
  const char* kind;
  const char* name;  ///< of its task
  const char* script;
};
constexpr std::array kHogs{
    Hog{"in user mode", "bash", "while :; do :; done"},
    Hog{"in the kernel", "dd", "exec dd if=/dev/zero of=/dev/null bs=64k"},
    Hog{"by tasks of which none lives long", "awk",
        "while :; do awk 'BEGIN { for (i = 0; i < 400000; i++); }'; done"},
    Hog{"in bursts, with tasks that end at once", "awk",
        "exec awk 'BEGIN { for (;;) { for (i = 0; i < 60000; i++); system(\"\"); "
        "while ((\"sleep 0.015\" | getline) > 0); close(\"sleep 0.015\") } }'"},
};

class Disturbed : public PhysicsTest {
 protected:
  void SetUp() override {
    if (online_cpus() < 2) GTEST_SKIP() << "one CPU: no shootdown is possible";
  }
  void TearDown() override {
    if (hog_ <= 0) return;
    ASSERT_TRUE(is_alive(hog_)) << "nothing disturbed";
    ::kill(hog_, SIGKILL);
    place_.finish(hog_);
  }
  void start(const std::string& script) {
    hog_ = place_.start_words({"/usr/bin/env", "taskset", "-c", "1", "bash", "-c", script});
  }
  /// What is said of others' load in each trial of a run beside it.
  std::vector<nlohmann::json> checks(const char* workload, const char* duration, const char* trials) {
    folder_ = place_.new_folder();
    done_ = place_.run({"run", workload, "--trials", trials, "--warmup", "50ms", "--duration", duration,
                        "--explain", "none", "--output", folder_});
    std::vector<nlohmann::json> found;
    const nlohmann::json run = manifest(folder_);
    for (const nlohmann::json& trial : run["trials"]) found.push_back(check_of(trial, "foreign_load"));
    EXPECT_EQ(std::to_string(found.size()), trials);
    return found;
  }

  pid_t hog_ = -1;
  std::string folder_;
};

class DisturbedBy : public Disturbed, public ::testing::WithParamInterface<Hog> {};

TEST_P(DisturbedBy, LoadNoTrialPassesAndWhoItWasIsNamed) {
  start(GetParam().script);
  for (const char* const workload : {"unmap-churn", "mprotect-storm"}) {
    for (const auto& check : checks(workload, "100ms", "4"))
      EXPECT_NE(check["grade"], "ok") << workload << " 100 ms: " << check;
    for (const auto& [duration, trials] : {std::pair{"300ms", "4"}, std::pair{"2s", "1"}})
      for (const auto& check : checks(workload, duration, trials)) {
        EXPECT_EQ(check["grade"], "failed") << workload << " " << duration << ": " << check;
        EXPECT_THAT(check["found"].get<std::string>(), ::testing::HasSubstr(GetParam().name)) << duration;
      }
  }
}

TEST_F(Disturbed, TrialsAreMadeAgainAsOftenAsItIsAllowedAndThatIsTold) {
  start("while :; do :; done");
  folder_ = place_.new_folder();
  done_ = place_.run({"run", "mprotect-storm", "--trials", "1", "--retry-invalid", "2", "--warmup", "50ms",
                      "--duration", "300ms", "--explain", "none", "--output", folder_});
  EXPECT_EQ(manifest(folder_)["trials"].size(), 3u);
  EXPECT_THAT(done_.out, ::testing::HasSubstr("1 trial and 2 in place of disturbed ones of 300 ms"));
}

TEST_F(Disturbed, NameOfWhoDisturbsIsShownAndNotObeyed) {
  start(R"(printf '\xff\x1b[31m) S 1' >/proc/$$/comm; while :; do :; done)");
  checks("mprotect-storm", "500ms", "1");
  EXPECT_FALSE(done_.evidence) << done_.out;
  EXPECT_THAT(done_.out, ::testing::HasSubstr(R"(\x1b[31m) S 1)"));
  EXPECT_EQ(done_.out.find('\x1b'), std::string::npos);
  EXPECT_EQ(place_.run({"report", folder_}).code, 0);
}

std::string name_of(const ::testing::TestParamInfo<Hog>& info) {
  std::string name = info.param.kind;
  std::ranges::replace_if(
      name, [](char c) { return !std::isalnum(static_cast<unsigned char>(c)); }, '_');
  return name;
}
INSTANTIATE_TEST_SUITE_P(Load, DisturbedBy, ::testing::ValuesIn(kHogs), name_of);

}  // namespace
}  // namespace tlbstorm::test

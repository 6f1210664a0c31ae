// SPDX-License-Identifier: Apache-2.0
// What others do on the machine while a run goes on: devices and CPUs that come and go, workers, limits and
// cgroups that someone changes. A run goes on as far as it can and says what it met.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <signal.h>
#include <sys/swap.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <fstream>
#include <thread>

#include "harness/machine/facts.hpp"
#include "harness/os/fd.hpp"
#include "harness/os/swap_header.hpp"
#include "harness/os/text.hpp"
#include "tests/system/loop_device.hpp"
#include "tests/system/tool.hpp"

namespace tlbstorm::test {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using Words = std::vector<std::string>;

bool put(const fs::path& file, const std::string& text) {
  std::ofstream stream(file);
  stream << text << std::flush;
  return static_cast<bool>(stream);
}

class Meddling : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!is_root()) GTEST_SKIP() << "only root can do such things to a run";
  }
  /// Long enough to be met in its measured phase.
  pid_t start_storm(const Words& more) {
    folder_ = place_.new_folder();
    Words words{"run", "mprotect-storm", "--explain", "none", "--warmup", "0", "--duration",
                "1s",  "--quiet",        "--output",  folder_};
    words.insert(words.end(), more.begin(), more.end());
    return place_.start(words);
  }
  /// Until trial `number` is being measured.
  testing::AssertionResult measuring(int number = 1) const {
    const std::string row = fmt::format("\n{},measure,", number);
    return eventually([&] { return text_of(folder_ + "/samples.csv").find(row) != std::string::npos; })
               ? testing::AssertionSuccess()
               : testing::AssertionFailure() << "trial " << number << " is not measured";
  }
  /// The threads of the workers, but for that of the trial process itself.
  static std::vector<pid_t> worker_threads(pid_t tool) {
    std::vector<pid_t> threads;
    for (const pid_t child : descendants(tool))
      for (const auto& task : fs::directory_iterator("/proc/" + std::to_string(child) + "/task"))
        if (const pid_t thread = std::stoi(task.path().filename()); thread != child)
          threads.push_back(thread);
    return threads;
  }
  nlohmann::json trial(int number = 1) const {
    return manifest(folder_)["trials"][static_cast<std::size_t>(number - 1)];
  }
  std::string notes(int number = 1) const { return trial(number)["notes"].dump(); }

  Workplace place_;
  std::string folder_;
};

/// Another program that has swap on zram and loop devices, each for a moment.
class Neighbour {
 public:
  explicit Neighbour(fs::path folder) : folder_(std::move(folder)) {}
  ~Neighbour() { end(); }
  void end() {
    going_ = false;
    for (std::thread* const thread : {&zram_, &loop_})
      if (thread->joinable()) thread->join();
  }
  /// Swap areas that it had, and devices that someone else removed.
  int areas() const { return areas_; }
  int vanished() const { return vanished_; }

 private:
  void swap_for_a_moment(const std::string& device) {
    {
      const os::Fd fd = os::Fd::open(device, O_WRONLY);
      os::write_all(fd, os::make_swap_header({16 << 20}, os::new_uuid()), device);
    }
    if (::swapon(device.c_str(), 0) != 0) return;
    ++areas_;
    ::usleep(static_cast<useconds_t>(areas_ % 5) * 30'000);
    ::swapoff(device.c_str());
  }
  void have_zrams() {
    while (going_) {
      const std::string number(os::trim(text_of("/sys/class/zram-control/hot_add")));
      if (number.empty()) continue;
      const std::string settings = "/sys/block/zram" + number;
      put(settings + "/disksize", "16M");
      swap_for_a_moment("/dev/zram" + number);
      put(settings + "/reset", "1");
      if (!put("/sys/class/zram-control/hot_remove", number)) ++vanished_;
    }
  }
  void have_loops() {
    while (going_) {
      const LoopDevice device(folder_ / "neighbour", 16 << 20);
      if (device.why_not().empty()) swap_for_a_moment(device.path());
    }
  }

  fs::path folder_;
  std::atomic<bool> going_{true};
  std::atomic<int> areas_{0}, vanished_{0};
  std::thread zram_{[this] { have_zrams(); }};
  std::thread loop_{[this] { have_loops(); }};
};

/// TLBSTORM_TEST_RUNS says how many; the lines of docs/reliability.md are of 50.
TEST_F(Meddling, DevicesOfOthersThatComeAndGoEndNoRunAndLoseNothing) {
  if (!fs::exists("/sys/class/zram-control/hot_add")) GTEST_SKIP() << "no zram here";
  const char* const wanted = std::getenv("TLBSTORM_TEST_RUNS");
  const auto runs = os::to_number(wanted != nullptr ? wanted : "").value_or(4);
  int told = 0;
  Neighbour neighbour(place_.path());
  for (std::uint64_t i = 0; i < runs; ++i) {
    folder_ = place_.new_folder();
    Words words{"run",
                "pageout",
                "--explain",
                "none",
                "--pages",
                "dirty-anon",
                "--region",
                "8M",
                "--rounds",
                "4",
                "--trials",
                "3",
                "--quiet",
                "--output",
                folder_,
                "--swap",
                i % 2 == 0 ? "zram:64M" : "file:64M"};
    const Finished done = place_.run(words);
    EXPECT_EQ(done.code, 0) << i << ": " << done.err << done.out;
    if (done.code != 0) continue;
    EXPECT_EQ(manifest(folder_)["state"], "finished");
    for (int number = 1; number <= 3; ++number) {
      EXPECT_EQ(trial(number)["outcome"], "ok") << trial(number);
      told += notes(number).find("the swap area") != std::string::npos;
    }
  }
  neighbour.end();
  EXPECT_GT(neighbour.areas(), runs);
  EXPECT_EQ(neighbour.vanished(), 0) << "of " << neighbour.areas();
  EXPECT_GT(told, 0) << "no run met any of them";
  EXPECT_EQ(place_.leftovers(), "");
}

/// The machine's last CPU, which is back when this is gone.
class LastCpu {
 public:
  LastCpu() : number_(machine::inspect().topology.online.back()) {}
  ~LastCpu() { set("1"); }
  int number() const { return number_; }
  bool set(const std::string& online) const {
    return put(fmt::format("/sys/devices/system/cpu/cpu{}/online", number_), online);
  }
  std::string why_not() const {
    if (machine::read_cpuid().hypervisor.empty()) return "CPUs are taken offline in guests only";
    if (online_cpus() < 2 || number_ == 0) return "one CPU: it must stay";
    return fs::exists(fmt::format("/sys/devices/system/cpu/cpu{}/online", number_)) ? ""
                                                                                    : "no CPU hotplug here";
  }

 private:
  int number_;
};

TEST_F(Meddling, CpuThatGoesOfflineLeavesTheOthersTheirFigures) {
  const LastCpu cpu;
  if (!cpu.why_not().empty()) GTEST_SKIP() << cpu.why_not();
  const pid_t tool = start_storm(
      {"--workers", "1", "--placement", "cpus:0", "--trials", "2", "--events", "context-switches"});
  EXPECT_TRUE(measuring());
  ASSERT_TRUE(cpu.set("0"));
  const Finished done = place_.finish(tool);
  EXPECT_EQ(done.code, 0) << done.err << done.out;
  EXPECT_THAT(notes(1), HasSubstr(fmt::format("CPU {} went away during trial 1", cpu.number())));
  EXPECT_EQ(notes(2).find("CPU"), std::string::npos) << "it is told once: " << notes(2);
  for (int number = 1; number <= 2; ++number) EXPECT_EQ(trial(number)["outcome"], "ok");
  const auto ipis = [&](int number) { return trial(number)["tlb_ipis_by_phase"].contains("measure"); };
  EXPECT_FALSE(ipis(1)) << "the sum lost a part in the middle";
  EXPECT_TRUE(ipis(2)) << "the sum is of the CPUs that are left";
  ASSERT_TRUE(cpu.set("1"));
}

TEST_F(Meddling, CpuThatComesIsNotCountedAndNoError) {
  const LastCpu cpu;
  if (!cpu.why_not().empty()) GTEST_SKIP() << cpu.why_not();
  ASSERT_TRUE(cpu.set("0"));
  const pid_t tool = start_storm({"--workers", "1", "--trials", "2"});
  EXPECT_TRUE(measuring());
  ASSERT_TRUE(cpu.set("1"));
  EXPECT_EQ(place_.finish(tool).code, 0);
  EXPECT_THAT(notes(1), HasSubstr(fmt::format("CPU {} came during trial 1", cpu.number())));
  for (int number = 1; number <= 2; ++number)
    EXPECT_TRUE(trial(number)["tlb_ipis_by_phase"].contains("measure")) << trial(number);
  const nlohmann::json run = manifest(folder_);
  for (const auto& column : run["columns"])
    EXPECT_NE(column["name"], fmt::format("interrupts.tlb_cpu{}", cpu.number()));
}

TEST_F(Meddling, CpuOfAWorkerThatGoesMakesItsTrialInvalidAndTheNextFail) {
  const LastCpu cpu;
  if (!cpu.why_not().empty()) GTEST_SKIP() << cpu.why_not();
  const pid_t tool = start_storm({"--workers", std::to_string(cpu.number() + 1), "--trials", "2"});
  EXPECT_TRUE(measuring());
  ASSERT_TRUE(cpu.set("0"));
  const Finished done = place_.finish(tool);
  ASSERT_TRUE(cpu.set("1"));
  EXPECT_EQ(done.code, 1);
  EXPECT_THAT(why_invalid(folder_), HasSubstr(fmt::format("did not stay on CPU {}", cpu.number())));
  EXPECT_EQ(trial(2)["outcome"], "failed");
  EXPECT_THAT(trial(2)["reason"].get<std::string>(), HasSubstr(fmt::format("run on CPU {}", cpu.number())));
  EXPECT_EQ(manifest(folder_)["state"], "finished");
}

TEST_F(Meddling, WorkerThatSomeoneMovesMakesTheTrialInvalid) {
  if (online_cpus() < 2) GTEST_SKIP() << "one CPU: there is nowhere to go";
  const pid_t tool = start_storm({"--workers", "2", "--trials", "1"});
  EXPECT_TRUE(measuring());
  const std::vector<pid_t> threads = worker_threads(tool);
  ASSERT_EQ(threads.size(), 2u);
  cpu_set_t first;
  CPU_ZERO(&first);
  CPU_SET(0, &first);
  for (const pid_t thread : threads) EXPECT_EQ(::sched_setaffinity(thread, sizeof first, &first), 0);
  EXPECT_EQ(place_.finish(tool).code, 0);
  EXPECT_THAT(why_invalid(folder_), HasSubstr("worker 1 did not stay on CPU 1"));
  EXPECT_THAT(text_of(folder_ + "/workers.csv"), HasSubstr("\n1,1,cpu,,0")) << "where it was";
}

TEST_F(Meddling, CpusetThatIsShrunkMakesTheTrialInvalid) {
  const fs::path root = "/sys/fs/cgroup/cpuset", group = root / "a-test-of-cpusets";
  std::error_code none;
  if (online_cpus() < 2 || !fs::create_directory(group, none)) GTEST_SKIP() << "no cpuset of cgroup v1 here";
  EXPECT_TRUE(put(group / "cpuset.mems", text_of(root / "cpuset.mems")));
  EXPECT_TRUE(put(group / "cpuset.cpus", "0-1"));
  EXPECT_TRUE(put(group / "cgroup.procs", "0"));
  const pid_t tool = start_storm({"--workers", "2", "--trials", "1"});
  EXPECT_TRUE(put(root / "cgroup.procs", "0"));
  EXPECT_TRUE(measuring());
  EXPECT_TRUE(put(group / "cpuset.cpus", "0"));
  EXPECT_EQ(place_.finish(tool).code, 0);
  EXPECT_THAT(why_invalid(folder_), HasSubstr("worker 1 did not stay on CPU 1"));
  EXPECT_TRUE(eventually([&] { return ::rmdir(group.c_str()) == 0; }));
}

TEST_F(Meddling, LimitThatIsChangedAndATrialThatIsMovedAreInvalid) {
  const machine::CgroupHome home = machine::inspect().cgroup;
  if (home.parent.empty()) GTEST_SKIP() << home.reason;
  const pid_t tool = start_storm({"--memory", "64M", "--trials", "2"});
  const fs::path group = home.parent / fmt::format("tlbstorm-{}", tool);
  EXPECT_TRUE(measuring(1));
  const char* const limit =
      home.version == machine::CgroupVersion::v2 ? "memory.max" : "memory.limit_in_bytes";
  EXPECT_TRUE(put(group / limit, "128M"));
  EXPECT_TRUE(measuring(2));
  const auto moved = os::to_number(os::trim(text_of(group / "cgroup.procs")));
  ASSERT_TRUE(moved);
  EXPECT_TRUE(put(home.parent / "cgroup.procs", std::to_string(*moved)));
  EXPECT_EQ(place_.finish(tool).code, 0);
  EXPECT_THAT(trial(1)["checks"].dump(), HasSubstr("was 67108864 and is 134217728"));
  EXPECT_THAT(trial(2)["checks"].dump(), HasSubstr("moved out of its cgroup"));
  for (int number = 1; number <= 2; ++number) EXPECT_EQ(trial(number)["valid"], false);
}

TEST_F(Meddling, WorkersThatCannotBeMadeEndTheTrialWithWhatForbidsThem) {
  const fs::path group = "/sys/fs/cgroup/pids/a-test-of-pids";
  std::error_code none;
  if (!fs::create_directory(group, none)) GTEST_SKIP() << "no pids controller of cgroup v1 here";
  EXPECT_TRUE(put(group / "pids.max", "6"));  // the tool with its sampling thread, the trial, and two workers
  for (const char* const mode : {"threads", "processes"}) {
    EXPECT_TRUE(put(group / "cgroup.procs", "0"));
    const pid_t tool = start_storm({"--workers", "8", "--trials", "1", "--mode", mode});
    EXPECT_TRUE(put("/sys/fs/cgroup/pids/cgroup.procs", "0"));
    EXPECT_EQ(place_.finish(tool).code, 1);
    EXPECT_EQ(trial()["outcome"], "failed") << trial();
    EXPECT_THAT(trial()["reason"].get<std::string>(),
                HasSubstr("could not be made: Resource temporarily unavailable (use fewer --workers"));
    EXPECT_EQ(place_.leftovers(), "");
  }
  EXPECT_TRUE(eventually([&] { return ::rmdir(group.c_str()) == 0; }));
}

}  // namespace
}  // namespace tlbstorm::test

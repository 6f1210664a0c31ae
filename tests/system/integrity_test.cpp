// SPDX-License-Identifier: Apache-2.0
// Pages are corrupted for real, on the swap device of a running trial, and each is found: some that are on
// the device only, in the middle of the trial, and when it is all but over some that are in memory as well.
// The trial is stopped for it.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <sstream>
#include <utility>

#include "harness/os/text.hpp"
#include "tests/system/loop_device.hpp"
#include "tests/system/tool.hpp"
#include "tests/workloads/corruptions.hpp"

namespace tlbstorm::test {
namespace {

namespace fs = std::filesystem;
using workloads::PageSealer;

constexpr std::size_t kPage = 4096;
constexpr std::uint64_t kWorkingSet = 64 << 20;

PageSealer::Head head_of(const PageBytes& page) { return PageSealer({}, kPage).head_of(page.data()); }

/// A page of the working set, where it is on the device and what it holds there.
struct SwappedPage {
  off_t on_device = 0;
  PageBytes content;
};
/// By their offset in the working set.
using SwappedPages = std::map<std::uint64_t, SwappedPage>;

class File {
 public:
  File(const fs::path& path, int flags) : fd_(::open(path.c_str(), flags | O_CLOEXEC)) {}
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  ~File() { ::close(fd_); }
  /// A page; zeros where there is none.
  PageBytes page(off_t at) const {
    PageBytes bytes(kPage);
    return ::pread(fd_, bytes.data(), kPage, at) == static_cast<ssize_t>(kPage) ? bytes : PageBytes(kPage);
  }
  std::uint64_t word(off_t at) const {
    std::uint64_t word = 0;
    return ::pread(fd_, &word, sizeof word, at) == sizeof word ? word : 0;
  }
  void write(off_t at, const PageBytes& bytes) const {
    EXPECT_EQ(::pwrite(fd_, bytes.data(), kPage, at), static_cast<ssize_t>(kPage));
  }

 private:
  int fd_;
};

/// The process that churns, held still.
class StoppedTrial {
 public:
  StoppedTrial(pid_t pid, const fs::path& disk) : pid_(pid), disk_(disk, O_RDWR) {
    ::kill(pid_, SIGSTOP);
    EXPECT_TRUE(eventually([&] { return all_stopped(); }));
  }
  StoppedTrial(const StoppedTrial&) = delete;
  StoppedTrial& operator=(const StoppedTrial&) = delete;
  ~StoppedTrial() { ::kill(pid_, SIGCONT); }

  /// By its cgroup: what is in the swap cache goes, too.
  void push_out() const {
    for (const fs::directory_entry& entry :
         fs::recursive_directory_iterator("/sys/fs/cgroup", fs::directory_options::skip_permission_denied)) {
      const bool v2 = entry.path().filename() == "memory.reclaim";
      if (!v2 && entry.path().filename() != "memory.force_empty") continue;
      if (text_of(entry.path().parent_path() / "cgroup.procs") != std::to_string(pid_) + "\n") continue;
      for (int i = 0; i < 5; ++i) {
        std::ofstream(entry.path()) << (v2 ? "1G" : "0");
        ::usleep(50000);  // what it wrote is written, and goes with the next
      }
    }
  }
  /// The pages that are out, by the process's page table, and really are where that says.
  SwappedPages swapped() const {
    constexpr std::uint64_t kOffset = (std::uint64_t{1} << 50) - 1;  // admin-guide/mm/pagemap.rst
    const File map(proc("pagemap"), O_RDONLY);
    const std::uint64_t begin = working_set();
    SwappedPages pages;
    for (std::uint64_t offset = 0; offset < kWorkingSet; offset += kPage) {
      const std::uint64_t entry = map.word(static_cast<off_t>((begin + offset) / kPage * sizeof entry));
      if ((entry >> 62 & 1) == 0) continue;
      const auto at = static_cast<off_t>((entry >> 5 & kOffset) * kPage);
      PageBytes content = disk_.page(at);
      if (head_of(content).address == offset) pages[offset] = {at, std::move(content)};
    }
    return pages;
  }
  /// Of pages that were out those that were only read since: in memory, and on the device as before.
  SwappedPages in_both(const SwappedPages& before) const {
    const File memory(proc("mem"), O_RDONLY);
    const SwappedPages out = swapped();
    const std::uint64_t begin = working_set();
    SwappedPages pages;
    for (const auto& [offset, page] : before)
      if (!out.contains(offset) && disk_.page(page.on_device) == page.content &&
          memory.page(static_cast<off_t>(begin + offset)) == page.content)
        pages[offset] = page;
    return pages;
  }
  void write(const SwappedPage& page) const { disk_.write(page.on_device, page.content); }
  static PageSealer::Head head_of(const PageBytes& page) {
    return PageSealer({}, kPage).head_of(page.data());
  }

 private:
  fs::path proc(const char* file) const { return fs::path("/proc") / std::to_string(pid_) / file; }
  bool all_stopped() const {
    return std::all_of(fs::directory_iterator(proc("task")), fs::directory_iterator{}, [](const auto& task) {
      return text_of(task.path() / "stat").find(") T ") != std::string::npos;
    });
  }
  /// Where it begins. What was mapped after it, a thread's stack, lies below and may be of one piece with it.
  std::uint64_t working_set() const {
    std::istringstream maps(text_of(proc("maps")));
    for (std::string line; std::getline(maps, line);) {
      const std::uint64_t begin = std::stoull(line, nullptr, 16),
                          end = std::stoull(line.substr(line.find('-') + 1), nullptr, 16);
      if (end - begin >= kWorkingSet) return end - kWorkingSet;
    }
    ADD_FAILURE() << "no working set";
    return 0;
  }

  pid_t pid_;
  File disk_;
};

class Integrity : public ::testing::Test {
 protected:
  void SetUp() override {
    if (const std::string why = why_no_swap(); !why.empty()) GTEST_SKIP() << why;
    if (!device_.why_not().empty()) GTEST_SKIP() << device_.why_not();
    if (::sysconf(_SC_PAGESIZE) != static_cast<long>(kPage)) GTEST_SKIP() << "pages are not of 4 KiB";
    if (kSanitized) GTEST_SKIP() << "the sanitizer's own memory fills the limit";
  }
  void TearDown() override {
    if (tool_ != 0) place_.finish(tool_);
  }
  void start(const char* duration) {
    folder_ = place_.new_folder();
    const std::string swap = "device:" + device_.path();
    tool_ = place_.start({"run",          "swap-churn", "--explain",        "none",
                          "--memory",     "32M",        "--size",           "64M",
                          "--workers",    "2",          "--trials",         "1",
                          "--warmup",     "0",          "--duration",       duration,
                          "--interval",   "20ms",       "--compress-ratio", "2",
                          "--read-ratio", "0.9",        "--swap",           swap,
                          "--output",     folder_});
    EXPECT_TRUE(eventually([&] { return reached("measure"); }));
    const std::vector<pid_t> family = descendants(tool_);
    ASSERT_EQ(family.size(), 1u);
    trial_ = family.front();
  }
  bool reached(const std::string& phase) const {
    return text_of(folder_ + "/samples.csv").find("," + phase + ",") != std::string::npos;
  }
  StoppedTrial stop() const { return {trial_, place_.path() / "disk"}; }

  /// Does something of each kind to pages of their own, which are taken out of `pages`.
  void corrupt(const StoppedTrial& trial, SwappedPages& pages) {
    workloads::Random random(15);
    for (std::size_t i = 0; i < kAtATime; ++i) {
      ASSERT_GE(pages.size(), 2u);
      auto chosen = pages.begin();
      std::advance(chosen, random.below(pages.size() - 1));
      SwappedPage page = chosen->second;
      const std::uint32_t version = head_of(page.content).version;
      Instead instead{page.content, std::next(chosen)->second.content, page.content};
      PageSealer({}, kPage).set_version(instead.older.data(), version, version - 1);
      PageSealer({.compress_ratio = 2, .owner = workloads::new_owner()}, kPage)
          .fill(instead.foreign.data(), chosen->first, version);
      while (page.content == chosen->second.content) {
        corruption::apply(corruption::kAll[i % corruption::kAll.size()], page.content, instead, random);
        page.content.front() = PageSealer::kFirstByte;  // of which a write would hide it
      }
      trial.write(page);
      pages.erase(chosen);
      ++wrong_;
    }
  }
  /// False when the trial has come to its end before all was done: the machine is too busy.
  bool corrupt_in_time(const char* duration) {
    start(duration);
    wrong_ = 0;
    SwappedPages pages;
    {
      const StoppedTrial trial = stop();
      if (reached("verify")) return false;
      trial.push_out();
      pages = trial.swapped();
      corrupt(trial, pages);
    }
    ::usleep(500000);  // for some to be read again
    const StoppedTrial trial = stop();
    pages = trial.in_both(pages);
    if (reached("verify") || pages.size() < 2 * kAtATime) return false;
    while (!reached("verify") && is_alive(trial_)) ::usleep(20000);
    corrupt(trial, pages);
    return true;
  }
  /// The run says what has happened.
  void expect_found() {
    const Finished done = place_.finish(std::exchange(tool_, 0));
    EXPECT_EQ(done.code, 1) << done.err;
    EXPECT_EQ(place_.leftovers(), "");
    const nlohmann::json trial = manifest(folder_)["trials"][0];
    EXPECT_EQ(trial["outcome"], "corrupted");
    EXPECT_FALSE(trial["valid"]);
    ASSERT_TRUE(trial.contains("wrong_pages"));
    EXPECT_EQ(trial["wrong_pages"]["count"], wrong_);
    EXPECT_EQ(trial["wrong_pages"]["first"].size(), 16u);
    EXPECT_EQ(figures(folder_, "wrong_pages"), std::vector<double>{static_cast<double>(wrong_)});
    for (int number = 1; number <= 16; ++number) {
      const std::string name = folder_ + "/wrong-page-" + std::to_string(number);
      EXPECT_EQ(text_of(name + "-trial1.bin").size(), kPage);
      EXPECT_EQ(text_of(name + "-expected-trial1.bin").size(), kPage);
      EXPECT_NE(text_of(name + "-trial1.bin"), text_of(name + "-expected-trial1.bin"));
    }
    EXPECT_NE(done.out.find("DATA CORRUPTION in trial 1: " + std::to_string(wrong_) + " pages"),
              std::string::npos)
        << done.out;
  }

  static constexpr std::size_t kAtATime = 3 * corruption::kAll.size();
  Workplace place_;
  LoopDevice device_{place_.path() / "disk", 512 << 20};
  std::string folder_;
  pid_t tool_ = 0, trial_ = 0;
  std::size_t wrong_ = 0;
};

TEST_F(Integrity, EveryPageThatIsCorruptedOnTheDeviceIsFound) {
  for (const char* const duration : {"6s", "40s"}) {
    if (corrupt_in_time(duration)) return expect_found();
    place_.finish(std::exchange(tool_, 0));
  }
  GTEST_SKIP() << "the machine is too busy";
}

}  // namespace
}  // namespace tlbstorm::test

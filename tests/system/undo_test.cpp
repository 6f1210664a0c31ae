// SPDX-License-Identifier: Apache-2.0
// The machine is afterwards as it was, and what others made is never touched.
#include "tests/system/undo_fixture.hpp"

namespace tlbstorm::test {
namespace {

TEST_F(Undo, SwapFileIsTakenDownHoweverItsPathIsWritten) {
  const fs::path folder = place_.path() / "a folder";
  fs::create_directory(folder);
  for (const std::string& path :
       {std::string("."), std::string("./x"), std::string("a folder"), std::string("a folder/../a folder//x"),
        folder.native() + "/./", "../" + place_.path().filename().native()}) {
    const Finished done = run({"--swap", "file:" + path + ":16M"});
    EXPECT_EQ(done.code, 0) << path << ": " << done.err;
    EXPECT_EQ(place_.leftovers(), "") << path;
    EXPECT_FALSE(fs::exists(place_.path() / "state")) << path;
  }
  for (const auto& entry : fs::recursive_directory_iterator(place_.path()))
    EXPECT_EQ(entry.path().native().find(".swap"), std::string::npos) << entry.path();
  const Finished two = run({"--swap", "file:.:16M,file:.:16M"});
  EXPECT_EQ(two.code, 0) << "two of one folder: " << two.err;
}

TEST_F(Undo, LinkInThePathOfASwapFileIsRefusedBeforeAnythingIsTouched) {
  fs::create_directory(place_.path() / "real");
  fs::create_symlink(place_.path() / "real", place_.path() / "link");
  const Finished done = run({"--swap", "file:" + (place_.path() / "link").native() + ":16M"});
  EXPECT_EQ(done.code, 2) << done.err;
  EXPECT_THAT(done.err, HasSubstr("link is a link"));
  EXPECT_THAT(done.err, HasSubstr("give the real path: "));
  EXPECT_FALSE(fs::exists(folder_));
}

TEST_F(Undo, SysctlThatIsSetTwiceIsRefused) {
  const std::string before = sysctl("swappiness");
  EXPECT_EQ(run({"--swap", "zram:16M", "--sysctl", "vm.swappiness=10,vm.swappiness=20"}).code, 2);
  EXPECT_EQ(sysctl("swappiness"), before);
}

TEST_F(Undo, SysctlsThatTakeEachOthersPlaceAreBothPutBack) {
  const char* const names[] = {
      "dirty_bytes",       "dirty_ratio",     "dirty_background_bytes", "dirty_background_ratio",
      "overcommit_kbytes", "overcommit_ratio"};
  std::string before, after;
  for (const char* const name : names) before += sysctl(name) + " ";
  const Finished done = run({"--swap", "zram:16M", "--sysctl",
                             "vm.dirty_bytes=100000000,vm.dirty_background_bytes=50000000,vm.dirty_ratio=30,"
                             "vm.overcommit_kbytes=8000000"});
  EXPECT_EQ(done.code, 0) << done.err;
  for (const char* const name : names) after += sysctl(name) + " ";
  EXPECT_EQ(after, before);
  EXPECT_EQ(place_.run({"restore"}).code, 0);
}

TEST_F(Undo, WhatCouldNotBePutBackIsToldAndTheExitCodeIsOne) {
  const std::string before = sysctl("page-cluster");
  const std::string others = before == "7" ? "6" : "7";
  const pid_t tool = place_.start(short_run({"--swap", "zram:16M", "--sysctl", "vm.page-cluster=5"}));
  EXPECT_TRUE(eventually([&] { return sysctl("page-cluster") == "5"; }));
  std::ofstream("/proc/sys/vm/page-cluster") << others;
  const Finished done = place_.finish(tool);
  EXPECT_EQ(done.code, 1);
  EXPECT_THAT(done.err, HasSubstr("could not be undone: value of /proc/sys/vm/page-cluster"));
  EXPECT_THAT(done.err, HasSubstr("someone has set it to " + others));
  EXPECT_EQ(sysctl("page-cluster"), others) << "the last word is the administrator's";
  EXPECT_FALSE(manifest(folder_)["not_undone"].empty());
  std::ofstream("/proc/sys/vm/page-cluster") << before;
}

TEST_F(Undo, SwapFilesTakeNoFolderOfEverybodys) {
  fs::create_directory(place_.path() / "open");
  fs::permissions(place_.path() / "open", fs::perms::all);
  const Finished done = run({"--swap", "file:open:16M"});
  EXPECT_EQ(done.code, 2);
  EXPECT_THAT(done.err, HasSubstr("others may write in this folder (mode 0777)"));
}

TEST_F(Undo, RunFolderOfAnotherUserIsRefusedAndItsLinksAreNotFollowed) {
  const fs::path theirs = place_.path() / "theirs", precious = place_.path() / "precious";
  fs::create_directory(theirs);
  std::ofstream(precious) << "precious";
  fs::create_symlink(precious, theirs / "samples.csv");
  ASSERT_EQ(::chown(theirs.c_str(), 65534, 65534), 0);
  for (const char* const output : {"theirs", "theirs/run"}) {
    const Finished done =
        place_.run({"run", "pageout", "--rounds", "1", "--trials", "1", "--output", output});
    EXPECT_EQ(done.code, std::string_view(output) == "theirs" ? 2 : 0) << done.err;
  }
  EXPECT_EQ(text_of(precious), "precious");
}

TEST_F(Undo, NothingIsOpenToOthersUnderAnUmaskOfZero) {
  const mode_t before = ::umask(0);
  const pid_t tool = place_.start(short_run({"--swap", "file:.:16M"}));
  struct stat state {};
  EXPECT_TRUE(eventually([&] { return ::stat((place_.path() / "state").c_str(), &state) == 0; }));
  EXPECT_EQ(place_.finish(tool).code, 0);
  ::umask(before);
  EXPECT_EQ(state.st_mode & 07777, 0700u);
  for (const auto& entry : fs::recursive_directory_iterator(folder_))
    EXPECT_EQ(entry.status().permissions() & (fs::perms::group_write | fs::perms::others_write),
              fs::perms::none)
        << entry.path();
}

TEST_F(Undo, DeviceThatAnotherLivesOnIsRefused) {
  LoopDevice device(place_.path() / "disk", 64 << 20);
  if (!device.why_not().empty()) GTEST_SKIP() << device.why_not();
  LoopDevice upper(device.path(), 0);
  if (!upper.why_not().empty()) GTEST_SKIP() << upper.why_not();
  loop_info64 info{};
  const os::Fd fd = os::Fd::open(upper.path(), O_RDWR);
  info.lo_offset = 2 << 20;  // what is below stays blank, and nobody holds the lower device
  ASSERT_EQ(::ioctl(fd.get(), LOOP_SET_STATUS64, &info), 0);
  const Finished done = run({"--swap", "device:" + device.path()});
  EXPECT_EQ(done.code, 2);
  EXPECT_THAT(done.err, HasSubstr("the backing of " + upper.path()));
  const Finished forced = run({"--swap", "device:" + device.path(), "--erase-device", device.path()});
  EXPECT_EQ(forced.code, 2) << "no option overrides it";
}

/// As where the process that adds a device is killed before it could note which one that was.
TEST_F(Undo, ZramDeviceThatNoJournalNamesIsKnownByItsHeader) {
  if (!fs::exists("/sys/class/zram-control/hot_add")) GTEST_SKIP() << "no zram here";
  std::string before;
  for (const auto& device : fs::directory_iterator("/sys/block"))
    before += device.path().filename().native() + " ";
  const std::string number(os::trim(text_of("/sys/class/zram-control/hot_add"))),
      device = "/dev/zram" + number;
  os::write_text("/sys/block/zram" + number + "/disksize", "16M");
  const std::string uuid = os::new_uuid();
  os::write_all(os::Fd::open(device, O_WRONLY), os::make_swap_header({16 << 20}, uuid), device);
  const auto restored = [&](const std::string& of) {
    const fs::path state = place_.path() / "state";
    fs::create_directory(state);
    fs::permissions(state, fs::perms::owner_all);
    std::ofstream(state / "journal-999999999.jsonl")
        << os::heading_line(os::boot_id(), 999999999) << "\n"
        << os::change_line(1, {os::Change::Kind::zram_add, of, before}) << "\n";
    return place_.run({"restore"});
  };
  EXPECT_EQ(restored(os::new_uuid()).code, 0);
  EXPECT_TRUE(fs::exists(device)) << "another's header";
  EXPECT_EQ(restored(uuid).code, 0);
  EXPECT_FALSE(fs::exists("/sys/block/zram" + number));
}

/// Adds and removes zram devices all the time, as another program would.
class ZramNeighbour {
 public:
  ~ZramNeighbour() { end(); }
  void end() {
    going_ = false;
    if (thread_.joinable()) thread_.join();
  }
  int made() const { return made_; }
  int vanished() const { return vanished_; }

 private:
  void live() {
    while (going_) {
      const std::string number(os::trim(text_of("/sys/class/zram-control/hot_add")));
      if (number.empty()) continue;
      ++made_;
      ::usleep(static_cast<useconds_t>(made_ % 7) * 3000);
      if (made_ % 3 == 0) std::ofstream("/sys/block/zram" + number + "/disksize") << "16M";
      ::usleep(1000);
      if (made_ % 3 == 0) std::ofstream("/sys/block/zram" + number + "/reset") << "1";
      std::ofstream remove("/sys/class/zram-control/hot_remove");
      remove << number << std::flush;
      if (!remove) ++vanished_;
    }
  }
  std::atomic<bool> going_{true};
  std::atomic<int> made_{0}, vanished_{0};
  std::thread thread_{[this] { live(); }};
};

TEST_F(Undo, DevicesOfOthersAreNeverTouched) {
  if (!fs::exists("/sys/class/zram-control/hot_add")) GTEST_SKIP() << "no zram here";
  ZramNeighbour neighbour;
  for (int i = 0; i < 6; ++i) {
    const Finished done = run({"--swap", "zram:64M,zram:32M"});
    EXPECT_EQ(done.code, 0) << done.err;
  }
  for (int i = 0; i < 6; ++i) {
    const pid_t tool = place_.start(short_run({"--swap", "zram:64M,zram:32M"}));
    ::usleep(static_cast<useconds_t>(20000 + 15000 * i));
    ::kill(tool, SIGKILL);
    place_.finish(tool);
    const Finished restored = place_.run({"restore"});
    EXPECT_EQ(restored.code, 0) << restored.out;
  }
  neighbour.end();
  EXPECT_GT(neighbour.made(), 20);
  EXPECT_EQ(neighbour.vanished(), 0) << "of " << neighbour.made();
  EXPECT_EQ(place_.leftovers(), "");
}

TEST_F(Undo, TrialProcessHoldsNothingThatItDoesNotNeed) {
  const pid_t tool = place_.start(short_run({"--swap", "zram:64M", "--rounds", "1000000"}));
  std::string status, files;
  EXPECT_TRUE(eventually([&] {
    for (const pid_t child : descendants(tool)) {
      const std::string folder = "/proc/" + std::to_string(child);
      status = text_of(folder + "/status");
      if (os::find_value(status, "NoNewPrivs", ':') != "1") continue;
      std::error_code error;
      for (const auto& entry : fs::directory_iterator(folder + "/fd", error))
        files += fs::read_symlink(entry.path(), error).native() + "\n";
      return true;
    }
    return false;
  }));
  for (const char* const set : {"CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"})
    EXPECT_EQ(os::find_value(status, set, ':'), "0000000000000000") << set;
  for (const char* const file : {"journal", ".csv", "tlbstorm.lock", "perf_event", "/proc/interrupts"})
    EXPECT_EQ(files.find(file), std::string::npos) << files;
  ::kill(tool, SIGTERM);
  place_.finish(tool);
  EXPECT_TRUE(manifest(folder_)["plan"]["capabilities"].empty());
}

}  // namespace
}  // namespace tlbstorm::test

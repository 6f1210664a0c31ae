// SPDX-License-Identifier: Apache-2.0
// That every column that is named anywhere is one of some probe, and that it is spelt in one place.
#include "harness/probe/column_names.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <map>
#include <regex>
#include <set>

#include "harness/probe/event_list.hpp"
#include "tests/probe/opened.hpp"
#include "tests/source_tree.hpp"
#include "tests/temporary_folder.hpp"

namespace tlbstorm::probe {
namespace {

namespace fs = std::filesystem;
using testing::IsEmpty;

std::string alternatives() {
  std::vector<std::string> names;
  for (const Source& source : sources()) names.push_back(source.name);
  return fmt::format("{}", fmt::join(names, "|"));
}

/// Names of columns in a text, as `pattern` finds them: those of workers are no probe's.
std::set<std::string> named_in(const std::string& text, const std::string& before) {
  const std::regex pattern(before + "((?:" + alternatives() + ")\\.[a-z][A-Za-z0-9_-]*)");
  std::set<std::string> names;
  for (std::sregex_iterator one(text.begin(), text.end(), pattern), end; one != end; ++one)
    names.insert((*one)[1]);
  return names;
}

std::set<std::string> dictionary() {
  return named_in(test::text_of(test::source_tree() / "harness/probe/column_names.hpp"), "\"");
}

/// The columns of a machine that keeps every counter that the dictionary knows, and has swap of each kind:
/// which counters there are depends on the kernel, which of them we take does not. What can't be made of
/// files (tracepoints, perf events) is asked of this kernel.
class ColumnNames : public ::testing::Test {
 protected:
  void SetUp() override {
    put("proc/vmstat", counters("vmstat.") + "zswpin 1\n");
    put("cgroup/memory.stat", counters("memcg."));
    put("proc/meminfo", "SwapTotal: 1048572 kB\nSwapFree: 524288 kB\nZswap: 1000 kB\nZswapped: 4096 kB\n");
    put("proc/swaps",
        "Filename\tType\tSize\tUsed\tPriority\n"
        "/dev/zram0 partition\t65532\t0\t100\n/var/swapfile file\t65532\t0\t-2\n");
    put("sys/class/block/zram0/stat", "1 0 8 0 2 0 16 0 0 0 0\n");
    put("sys/class/block/zram0/mm_stat", "4096 74 12288 0 12288 1 0 2 3\n");
    put("sys/module/zswap/parameters/enabled", "Y\n");
    put("sys/module/damon_reclaim/parameters/enabled", "Y\n");
    put("sys/module/damon_reclaim/parameters/bytes_reclaimed_regions", "0\n");
    Target made;
    made.proc = folder_.path() / "proc";
    made.sys = folder_.path() / "sys";
    made.cgroup = folder_.path() / "cgroup";
    made.cgroup_version = machine::CgroupVersion::v2;
    Target here;
    here.online_cpus = {0};
    here.run = here.trial = ::getpid();
    here.events = std::string(kHardwareDefault) + "," + kSoftwareDefault;
    const std::set<std::string> of_files{"damon", "memcg", "swapdev", "vmstat", "zram", "zswap"};
    for (const Source& source : sources())
      add(source.open(of_files.contains(source.name) ? made : here), source.name);
  }

  static std::string counters(const std::string& probe) {
    std::string lines;
    for (const std::string& name : dictionary())
      if (name.starts_with(probe)) lines += name.substr(probe.size()) + " 1\n";
    return lines;
  }

  void put(const fs::path& file, const std::string& text) const {
    fs::create_directories((folder_.path() / file).parent_path());
    std::ofstream(folder_.path() / file) << text;
  }

  void add(const Opened& opened, const std::string& name) {
    if (const auto* const absent = std::get_if<Unavailable>(&opened)) {
      absent_[name] = absent->reason;
      return;
    }
    const auto& probe = *std::get<std::unique_ptr<Probe>>(opened);
    for (const Column& column : probe.columns()) columns_.insert(column.name);
    for (const Missing& missing : probe.missing()) missing_ += missing.what + " ";
  }

  bool known(const std::string& name) const {
    if (columns_.contains(name)) return true;
    if (!name.starts_with("perf.")) return false;
    const std::string event = name.substr(5, name.rfind('_') - 5);  // of a counter that this CPU lacks
    return missing_.find(event) != std::string::npos;
  }

  const test::TemporaryFolder folder_;
  std::set<std::string> columns_;
  std::string missing_;
  std::map<std::string, std::string> absent_;  ///< probes, and why
};

TEST_F(ColumnNames, AreColumnsOfSomeProbe) {
  ASSERT_FALSE(dictionary().empty());
  std::set<std::string> nobodys, not_asked;
  for (const std::string& name : dictionary())
    if (absent_.contains(name.substr(0, name.find('.'))))
      not_asked.insert(name.substr(0, name.find('.')));
    else if (!known(name))
      nobodys.insert(name);
  EXPECT_THAT(nobodys, IsEmpty());
  std::string why;
  for (const std::string& probe : not_asked) why += fmt::format("\n  {}: {}", probe, absent_[probe]);
  if (!why.empty()) GTEST_SKIP() << "not asked, as they are absent here:" << why;
}

TEST(ColumnNamesInSources, AreSpeltByTheirProbeAndTheDictionaryOnly) {
  for (const std::string ending : {".cpp", ".hpp"})
    for (const fs::path& file : test::source_files({"harness", "workloads", "benches"}, ending)) {
      if (file.native().find("/harness/probe/") != std::string::npos) continue;
      EXPECT_THAT(named_in(test::text_of(file), "\""), IsEmpty()) << file;
    }
}

}  // namespace
}  // namespace tlbstorm::probe

// SPDX-License-Identifier: Apache-2.0
// /proc and /sys texts of swap areas, and the probes that read them.
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <map>
#include <set>

#include "harness/probe/probe.hpp"
#include "tests/probe/allocations.hpp"
#include "tests/temporary_folder.hpp"

namespace tlbstorm::probe {

namespace fs = std::filesystem;

using Values = std::map<std::string, double>;

/// The lines are those of Linux 6.18, with figures of our own.
constexpr const char* kMeminfo =
    "MemTotal:        2035056 kB\nMemFree:         1000000 kB\nSwapCached:            4 kB\n"
    "SwapTotal:       1048572 kB\nSwapFree:         524288 kB\nZswap:              1000 kB\n"
    "Zswapped:           4096 kB\nDirty:                 0 kB\n";
constexpr const char* kVmstat = "nr_free_pages 1\npswpin 9\nzswpin 11\nzswpout 22\nzswpwb 3\nthp_swpout 0\n";
constexpr const char* kHeading = "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n";
constexpr const char* kZram0 = "/dev/zram0                              partition\t65532\t\t1024\t\t100\n";
constexpr const char* kZram1 = "/dev/zram1                              partition\t65532\t\t0\t\t99\n";
constexpr const char* kDisk = "/dev/sda2                               partition\t65532\t\t0\t\t-2\n";
constexpr const char* kFile = "/var/swap\\040file                       file\t\t65532\t\t0\t\t-3\n";

class SwapProbes : public ::testing::Test {
 protected:
  SwapProbes() {
    target_.proc = folder_.path() / "proc";
    target_.sys = folder_.path() / "sys";
    put("proc/meminfo", kMeminfo);
    put("proc/vmstat", kVmstat);
    put("proc/swaps", kHeading);
  }

  void put(const std::string& file, const std::string& text) const {
    fs::create_directories((folder_.path() / file).parent_path());
    std::ofstream(folder_.path() / file) << text;
  }

  void put_swaps(const std::string& areas) const { put("proc/swaps", kHeading + areas); }

  void put_device(const std::string& name, const std::string& stat) const {
    put("sys/class/block/" + name + "/stat", stat);
  }

  Opened open(const std::string& name) const {
    for (const Source& source : sources())
      if (source.name == name) return source.open(target_);
    return Unavailable{"no such probe", ""};
  }

  static Values read(Opened& opened) {
    Values all;
    auto* const probe = std::get_if<std::unique_ptr<Probe>>(&opened);
    if (probe == nullptr) {
      ADD_FAILURE() << std::get<Unavailable>(opened).reason;
      return all;
    }
    std::vector<double> row((*probe)->columns().size(), -1);
    (*probe)->read(row);
    for (std::size_t i = 0; i < row.size(); ++i) all[(*probe)->columns()[i].name] = row[i];
    return all;
  }

  Values values(const std::string& name) const {
    Opened opened = open(name);
    return read(opened);
  }

  Unavailable reason(const std::string& name) const {
    const Opened opened = open(name);
    const auto* const why = std::get_if<Unavailable>(&opened);
    if (why == nullptr) ADD_FAILURE() << name << " is there";
    return why == nullptr ? Unavailable{} : *why;
  }

  const test::TemporaryFolder folder_;
  Target target_;
};

class SwapDevProbe : public SwapProbes {};
class ZramProbe : public SwapProbes {};
class ZswapProbe : public SwapProbes {};

constexpr const char* kStat =
    "     100        7      800       31      200        9     1600       52        0       40       83"
    "        0        0        0        0        0        0\n";

}  // namespace tlbstorm::probe

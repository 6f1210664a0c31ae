// SPDX-License-Identifier: Apache-2.0
// The doctor's checks on machines of five kinds. A fixture has a line for each of a machine's files, and
// words for what no file tells.
#include "harness/machine/checkup.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <set>

#include "harness/os/fd.hpp"
#include "harness/os/text.hpp"
#include "tests/temporary_folder.hpp"

namespace tlbstorm::machine {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class FakeMachine {
 public:
  explicit FakeMachine(const std::string& kind) {
    snapshot_.root = folder_.path();
    snapshot_.is_root = true;
    snapshot_.busy_with_others = 0;
    const std::string text = os::read_text(fs::path(TLBSTORM_FIXTURES) / "doctor" / kind);
    for (std::string_view rest = text; !rest.empty();) take(os::take_line(rest));
    Machine& machine = snapshot_.machine;
    machine.flush = judge_flush(snapshot_.text("proc/cpuinfo").value_or(""), architecture_, cpuid_);
    machine.swaps = parse_swaps(snapshot_.text("proc/swaps").value_or(""));
    machine.cgroup = {CgroupVersion::v2, "/sys/fs/cgroup", "", ""};
  }
  Snapshot& snapshot() { return snapshot_; }
  const Snapshot& snapshot() const { return snapshot_; }
  void put(const std::string& path, const std::string& text) const {
    fs::create_directories((folder_.path() / path).parent_path());
    std::ofstream(folder_.path() / path) << text << "\n";
  }
  /// What a check says, and what would be written.
  struct Looked : os::Finding {
    std::vector<Repair> repairs;
  };
  Looked look(Profile profile, const std::string& name) const {
    for (const DoctorCheck& check : checks_of(profile))
      if (check.name == name) {
        const Examined all = examine(check, snapshot_);
        return {all.finding, all.repairs};
      }
    ADD_FAILURE() << "no check " << name;
    return {};
  }
  Grade grade(const std::string& name, Profile profile = Profile::reclaim) const {
    return look(profile, name).grade;
  }
  Grade swap(const std::string& name) const { return grade(name, Profile::swap_ssd); }

 private:
  void take(std::string_view line) {
    const std::string key(os::take_field(line));
    const std::string value(os::trim(line));
    if (key.empty() || key == "#") return;
    const auto number = os::to_number(value).value_or(0);
    if (key == "architecture")
      architecture_ = value;
    else if (key == "release")
      snapshot_.kernel_release = value;
    else if (key == "hypervisor")
      cpuid_.hypervisor = value;
    else if (key == "kvm_features")
      cpuid_.kvm_features = static_cast<std::uint32_t>(number);
    else if (key == "config")
      snapshot_.kernel_config += "CONFIG_" + value + "\n";
    else if (key == "pmu")
      snapshot_.machine.facts.push_back({"pmu", value});
    else if (key == "cpus")
      for (int id = 0; id < static_cast<int>(number); ++id) snapshot_.machine.topology.online.push_back(id);
    else if (key == "nodes")
      for (int id = 0; id < static_cast<int>(number); ++id)
        snapshot_.machine.topology.memory_nodes.push_back(id);
    else
      put(key, value.starts_with("@")
                   ? os::read_text(fs::path(TLBSTORM_FIXTURES) / "machine" / value.substr(1))
                   : unescape(value));
  }
  /// "\n" and "\t" in the fixture are a new line and a tab in the file.
  static std::string unescape(std::string text) {
    for (const auto& [word, character] : {std::pair{"\\n", "\n"}, std::pair{"\\t", "\t"}})
      for (std::size_t at; (at = text.find(word)) != std::string::npos;) text.replace(at, 2, character);
    return text;
  }

  const test::TemporaryFolder folder_;
  Snapshot snapshot_;
  std::string architecture_;
  CpuIdFacts cpuid_;
};

/// The checks of a profile that are not all right.
std::set<std::string> complaints(const FakeMachine& machine, Profile profile) {
  std::set<std::string> names;
  for (const DoctorCheck& check : checks_of(profile))
    if (machine.grade(std::string(check.name), profile) != Grade::ok) names.emplace(check.name);
  return names;
}

using Names = std::set<std::string>;

TEST(Doctor, XeonAsADistributionLeavesIt) {
  const FakeMachine xeon("xeon-2-sockets");
  EXPECT_EQ(complaints(xeon, Profile::reclaim), (Names{"governor", "boost", "smt", "idle_states", "pti",
                                                       "irqbalance", "numa_balancing", "thp", "khugepaged"}));
  const auto governor = xeon.look(Profile::reclaim, "governor");
  EXPECT_EQ(governor.found, "powersave on 2 CPUs");
  EXPECT_EQ(governor.repairs.size(), 2u);
  EXPECT_EQ(xeon.look(Profile::reclaim, "idle_states").found, "at most 133 us to leave");
  EXPECT_EQ(xeon.look(Profile::reclaim, "irqbalance").found, "running as process 1234");
  EXPECT_EQ(xeon.look(Profile::reclaim, "numa_balancing").fix, "sysctl -w kernel.numa_balancing=0");
  EXPECT_TRUE(xeon.look(Profile::reclaim, "smt").repairs.empty()) << "takes CPUs away from others";
  EXPECT_EQ(xeon.grade("flush_path"), Grade::ok);
}

TEST(Doctor, XeonForSwapOnSsds) {
  const FakeMachine xeon("xeon-2-sockets");
  for (const char* const fine :
       {"kernel", "rcu_nocbs", "swappiness", "swap_areas", "swap_files", "scheduler", "queue_depth"})
    EXPECT_EQ(xeon.swap(fine), Grade::ok) << fine;
  for (const char* const wrong :
       {"thp", "thp_defrag", "watermark_scale_factor", "page_cluster", "sector_size", "nomerges"})
    EXPECT_EQ(xeon.swap(wrong), Grade::warning) << wrong;
  EXPECT_EQ(xeon.swap("swap_sockets"), Grade::unknown) << "the fixture does not tell the disks' nodes";
  EXPECT_TRUE(xeon.look(Profile::swap_ssd, "sector_size").repairs.empty()) << "formatting is not ours to do";
  EXPECT_FALSE(xeon.look(Profile::swap_ssd, "nomerges").repairs.empty());
}

TEST(Doctor, EpycThatBroadcastsWithADebugKernel) {
  const FakeMachine epyc("epyc-invlpgb");
  EXPECT_EQ(complaints(epyc, Profile::reclaim), (Names{"flush_path", "debug_options", "mthp", "damon", "ksm",
                                                       "zswap", "swappiness", "overcommit"}));
  EXPECT_EQ(epyc.grade("flush_path"), Grade::failed);
  EXPECT_EQ(epyc.look(Profile::reclaim, "debug_options").found, "KASAN, slub_debug=FZP at boot");
  EXPECT_EQ(epyc.look(Profile::reclaim, "mthp").found, "64kB always");
  EXPECT_EQ(epyc.swap("swap_files"), Grade::warning);
  EXPECT_EQ(epyc.swap("swap_areas"), Grade::warning) << "one area";
  EXPECT_EQ(epyc.swap("rcu_nocbs"), Grade::warning);
  EXPECT_EQ(epyc.swap("thp_defrag"), Grade::ok);
}

TEST(Doctor, ArmServerWithAnOldKernelThatTellsLittle) {
  const FakeMachine arm("arm64-server");
  EXPECT_EQ(arm.grade("flush_path"), Grade::failed);
  EXPECT_EQ(arm.grade("pcid"), Grade::ok) << "not a thing of arm64";
  EXPECT_EQ(arm.grade("batched_unmap"), Grade::unknown);
  EXPECT_EQ(arm.grade("debug_options"), Grade::unknown);
  EXPECT_EQ(arm.grade("counters"), Grade::warning) << "no TLB row";
  EXPECT_EQ(arm.swap("kernel"), Grade::failed) << "4.9 is too old";
}

TEST(Doctor, GuestOfKvmWithParavirtualFlush) {
  const FakeMachine guest("kvm-guest");
  EXPECT_EQ(guest.grade("flush_path"), Grade::warning);
  EXPECT_EQ(guest.grade("virtualisation"), Grade::warning);
  EXPECT_EQ(complaints(guest, Profile::ci).count("virtualisation"), 0u) << "CI runs in guests";
  EXPECT_EQ(guest.grade("counters"), Grade::warning);
  EXPECT_EQ(guest.swap("rcu_nocbs"), Grade::warning) << "half of the CPUs";
  for (const char* const wrong : {"scheduler", "queue_depth", "sector_size", "nomerges", "swap_areas"})
    EXPECT_EQ(guest.swap(wrong), Grade::warning) << wrong;
  EXPECT_THAT(guest.look(Profile::swap_ssd, "scheduler").fix, HasSubstr("echo none > /sys/class/block/vdb"));
}

TEST(Doctor, SmallVirtualMachineIsFineButForWhatItIs) {
  const FakeMachine vm("small-vm");
  EXPECT_EQ(complaints(vm, Profile::reclaim), (Names{"virtualisation", "counters", "damon"}));
  EXPECT_EQ(vm.swap("swap_areas"), Grade::failed) << "no swap";
}

TEST(Doctor, HyperVGuestHasNoInterruptsToCount) {
  FakeMachine guest("small-vm");
  guest.snapshot().machine.flush.method = FlushMethod::hypercall;
  EXPECT_EQ(guest.grade("flush_path"), Grade::failed);
}

TEST(Doctor, RunsAreWarnedOfWhatMovesTheirFigures) {
  EXPECT_THAT(warnings_for_a_run(FakeMachine("epyc-invlpgb").snapshot()),
              testing::ElementsAre(HasSubstr("doctor: flush_path: an instruction that broadcasts"),
                                   HasSubstr("doctor: debug_options: KASAN, slub_debug=FZP at boot")));
  EXPECT_THAT(warnings_for_a_run(FakeMachine("xeon-2-sockets").snapshot()), testing::IsEmpty())
      << "what is not as it should be there moves times, and is no failure";
}

TEST(Doctor, LoadOfOthersIsJudgedByItsShare) {
  FakeMachine vm("small-vm");
  for (const auto& [cpus, grade] :
       {std::pair{0.02, Grade::ok}, std::pair{0.3, Grade::warning}, std::pair{1.5, Grade::failed}}) {
    vm.snapshot().busy_with_others = cpus;
    EXPECT_EQ(vm.grade("load"), grade) << cpus;
  }
  vm.snapshot().busy_with_others.reset();
  EXPECT_EQ(vm.grade("load"), Grade::unknown);
}

TEST(Doctor, MemoryCgroupThatIsMissingIsSaidWithItsRemedy) {
  FakeMachine vm("small-vm");
  vm.snapshot().machine.cgroup = {CgroupVersion::v1, {}, "no memory cgroup", "run as root"};
  const auto finding = vm.look(Profile::reclaim, "memory_cgroup");
  EXPECT_EQ(finding.grade, Grade::warning);
  EXPECT_EQ(finding.fix, "run as root");
}

TEST(Doctor, PlainUserHasNoTracepoints) {
  FakeMachine vm("small-vm");
  vm.snapshot().is_root = false;
  EXPECT_THAT(vm.look(Profile::reclaim, "counters").found, HasSubstr("tracepoints are for root"));
}

TEST(Doctor, DamonThatReclaimsIsToldAndWatchingAloneIsFine) {
  const FakeMachine vm("small-vm"), epyc("epyc-invlpgb");
  const auto scheme = vm.look(Profile::reclaim, "damon");
  EXPECT_EQ(scheme.found, "pageout");
  EXPECT_EQ(scheme.fix, "echo off > /sys/kernel/mm/damon/admin/kdamonds/0/state");
  EXPECT_TRUE(scheme.repairs.empty()) << "others chose it";
  vm.put("sys/kernel/mm/damon/admin/kdamonds/0/contexts/0/schemes/1/action", "stat");
  EXPECT_EQ(vm.grade("damon"), Grade::ok);
  EXPECT_EQ(vm.look(Profile::reclaim, "damon").found, "only watching");
  vm.put("sys/kernel/mm/damon/admin/kdamonds/0/state", "off");
  EXPECT_EQ(vm.look(Profile::reclaim, "damon").found, "process 77, doing what is not told");
  EXPECT_EQ(vm.grade("damon"), Grade::warning) << "by debugfs, say";
  EXPECT_EQ(epyc.look(Profile::reclaim, "damon").found, "damon_reclaim");
  EXPECT_EQ(epyc.look(Profile::reclaim, "damon").fix,
            "echo N > /sys/module/damon_reclaim/parameters/enabled");
  EXPECT_EQ(FakeMachine("kvm-guest").look(Profile::reclaim, "damon").found, "not running");
}

TEST(Doctor, KhugepagedIsInTheWayOnlyWhereItLooksAtAllMemory) {
  const FakeMachine xeon("xeon-2-sockets"), guest("kvm-guest");
  const auto always = xeon.look(Profile::reclaim, "khugepaged");
  EXPECT_EQ(always.found, "all memory, every 10000 ms");
  ASSERT_EQ(always.repairs.size(), 1u);
  xeon.put("sys/kernel/mm/transparent_hugepage/khugepaged/scan_sleep_millisecs", always.repairs[0].second);
  EXPECT_EQ(xeon.grade("khugepaged"), Grade::ok) << "what the fix writes is right";
  EXPECT_EQ(guest.look(Profile::reclaim, "khugepaged").found, "only what asks for it");
  EXPECT_EQ(guest.grade("khugepaged"), Grade::ok);
  guest.put("sys/kernel/mm/transparent_hugepage/enabled", "always madvise [never]");
  EXPECT_EQ(guest.look(Profile::reclaim, "khugepaged").found, "not running");
}

TEST(Doctor, RcuCallbacksNeedAKernelThatCanOffloadThem) {
  FakeMachine xeon("xeon-2-sockets");
  EXPECT_EQ(xeon.swap("rcu_nocbs"), Grade::ok);
  xeon.snapshot().kernel_config = "CONFIG_FTRACE=y\n";
  const auto lacking = xeon.look(Profile::swap_ssd, "rcu_nocbs");
  EXPECT_EQ(lacking.grade, Grade::warning);
  EXPECT_EQ(lacking.found, "not built in, so rcu_nocbs does nothing");
  EXPECT_THAT(lacking.fix, testing::StartsWith("a kernel with CONFIG_RCU_NOCB_CPU=y; boot with rcu_nocbs="));
  xeon.put("proc/cmdline", "quiet");
  xeon.snapshot().kernel_config = "CONFIG_RCU_NOCB_CPU=y\nCONFIG_RCU_NOCB_CPU_DEFAULT_ALL=y\n";
  EXPECT_EQ(xeon.look(Profile::swap_ssd, "rcu_nocbs").found, "all, by the kernel's config");
  EXPECT_EQ(xeon.swap("rcu_nocbs"), Grade::ok);
}

TEST(Doctor, SwapOnOneSocketOfTwo) {
  FakeMachine xeon("xeon-2-sockets");
  xeon.put("sys/class/block/device/numa_node", "0");
  EXPECT_EQ(xeon.swap("swap_sockets"), Grade::warning);
}

TEST(Doctor, EveryCheckSaysWhatItWantsAndWhyAndWhatMendsIt) {
  for (const char* const kind : {"xeon-2-sockets", "epyc-invlpgb", "arm64-server", "kvm-guest", "small-vm"}) {
    const FakeMachine machine(kind);
    for (const Profile profile : {Profile::reclaim, Profile::swap_ssd, Profile::ci}) {
      Names seen;
      for (const DoctorCheck& check : checks_of(profile)) {
        const auto [finding, repairs] = examine(check, machine.snapshot());
        EXPECT_TRUE(seen.emplace(check.name).second) << check.name << " is there twice";
        EXPECT_FALSE(finding.found.empty()) << kind << " " << check.name;
        EXPECT_FALSE(finding.wanted.empty()) << kind << " " << check.name;
        EXPECT_FALSE(finding.why.empty()) << kind << " " << check.name;
        if (finding.grade == Grade::ok) {
          EXPECT_TRUE(repairs.empty() && finding.fix.empty()) << kind << " " << check.name;
        }
        for (const auto& [path, value] : repairs) EXPECT_TRUE(fs::exists(path)) << path;
      }
    }
  }
}

}  // namespace
}  // namespace tlbstorm::machine

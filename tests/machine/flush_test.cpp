// SPDX-License-Identifier: Apache-2.0
#include "harness/machine/flush.hpp"

#include <gtest/gtest.h>

#include "harness/os/fd.hpp"

namespace tlbstorm::machine {
namespace {

std::string cpuinfo(const std::string& kind) {
  return os::read_text(std::string(TLBSTORM_FIXTURES) + "/machine/cpuinfo-" + kind);
}
constexpr std::uint32_t kPvFlush = 1u << 9, kStealTime = 1u << 5, kRealtime = 1u << 0, kHyperVFlush = 1u << 2;

TEST(Flush, KvmGuestFlushesByIpi) {
  const FlushFacts facts = judge_flush(cpuinfo("kvm-epyc"), "x86_64", {"KVMKVMKVM", 0, 0, 0});
  EXPECT_EQ(facts.method, FlushMethod::ipi);
  EXPECT_EQ(facts.hypervisor, "KVM");
  EXPECT_FALSE(facts.paravirt_flush_offered);
  EXPECT_TRUE(facts.has_tlb_row);
}

TEST(Flush, KvmParavirtualFlushNeedsStealTimeAndNoRealtimeHint) {
  const std::string text = cpuinfo("kvm-epyc");
  EXPECT_TRUE(judge_flush(text, "x86_64", {"KVMKVMKVM", kPvFlush | kStealTime, 0, 0}).paravirt_flush_offered);
  EXPECT_FALSE(judge_flush(text, "x86_64", {"KVMKVMKVM", kPvFlush, 0, 0}).paravirt_flush_offered);
  EXPECT_FALSE(
      judge_flush(text, "x86_64", {"KVMKVMKVM", kPvFlush | kStealTime, kRealtime, 0}).paravirt_flush_offered);
}

TEST(Flush, HyperVGuestFlushesByHypercall) {
  const FlushFacts facts = judge_flush(cpuinfo("kvm-epyc"), "x86_64", {"Microsoft Hv", 0, 0, kHyperVFlush});
  EXPECT_EQ(facts.method, FlushMethod::hypercall);
  EXPECT_EQ(facts.hypervisor, "Hyper-V");
}

TEST(Flush, InvlpgbBroadcasts) {
  const FlushFacts facts = judge_flush(cpuinfo("epyc-invlpgb"), "x86_64", {});
  EXPECT_EQ(facts.method, FlushMethod::broadcast);
  EXPECT_NE(facts.text.find("INVLPGB"), std::string::npos);
  EXPECT_EQ(facts.hypervisor, "");
}

TEST(Flush, ArmBroadcastsAndHasNoRowToCount) {
  const FlushFacts facts = judge_flush(cpuinfo("arm64"), "aarch64", {});
  EXPECT_EQ(facts.method, FlushMethod::broadcast);
  EXPECT_FALSE(facts.has_tlb_row);
}

TEST(Flush, XeonOnBareMetalFlushesByIpi) {
  const FlushFacts facts = judge_flush(cpuinfo("intel-xeon"), "x86_64", {});
  EXPECT_EQ(facts.method, FlushMethod::ipi);
  EXPECT_EQ(facts.text, "by IPI");
  EXPECT_EQ(facts.hypervisor, "");
  EXPECT_FALSE(facts.paravirt_flush_offered);
  EXPECT_TRUE(facts.has_tlb_row);
}

TEST(Flush, FlagIsMatchedAsAWholeWord) {
  EXPECT_EQ(judge_flush("flags\t\t: fpu noinvlpgb invlpgb2\n", "x86_64", {}).method, FlushMethod::ipi);
  EXPECT_EQ(judge_flush("bugs\t\t: invlpgb\n", "x86_64", {}).method, FlushMethod::ipi);
  EXPECT_EQ(judge_flush("flags\t\t: fpu invlpgb\n", "x86_64", {}).method, FlushMethod::broadcast);
}

TEST(Flush, KvmWithParavirtualFlushSaysThatInterruptsAreDeferred) {
  const FlushFacts facts =
      judge_flush(cpuinfo("kvm-epyc"), "x86_64", {"KVMKVMKVM", kPvFlush | kStealTime, 0, 0});
  EXPECT_EQ(facts.method, FlushMethod::ipi);
  EXPECT_NE(facts.text.find("preempted vCPUs"), std::string::npos) << facts.text;
}

TEST(Flush, KvmsFeatureBitsMeanNothingUnderAnotherHypervisor) {
  const FlushFacts facts =
      judge_flush(cpuinfo("intel-xeon"), "x86_64", {"VMwareVMware", kPvFlush | kStealTime, 0, kHyperVFlush});
  EXPECT_EQ(facts.method, FlushMethod::ipi);
  EXPECT_EQ(facts.hypervisor, "VMwareVMware");
  EXPECT_FALSE(facts.paravirt_flush_offered);
}

TEST(Flush, HyperVThatDoesNotAdviseHypercallsFlushesByIpi) {
  const FlushFacts facts = judge_flush(cpuinfo("intel-xeon"), "x86_64", {"Microsoft Hv", 0, 0, 0});
  EXPECT_EQ(facts.method, FlushMethod::ipi);
  EXPECT_FALSE(facts.paravirt_flush_offered);
}

TEST(CpuId, FeaturesAreReadOnlyUnderTheirHypervisor) {
  const CpuIdFacts facts = read_cpuid();
  if (!facts.hypervisor.starts_with("KVMKVMKVM")) {
    EXPECT_EQ(facts.kvm_features, 0u);
    EXPECT_EQ(facts.kvm_hints, 0u);
  }
  if (!facts.hypervisor.starts_with("Microsoft Hv")) {
    EXPECT_EQ(facts.hyperv_advice, 0u);
  }
}

TEST(Flush, UnknownArchitectureIsNamed) {
  const FlushFacts facts = judge_flush("", "riscv64", {});
  EXPECT_EQ(facts.method, FlushMethod::unknown);
  EXPECT_NE(facts.text.find("riscv64"), std::string::npos);
}

}  // namespace
}  // namespace tlbstorm::machine

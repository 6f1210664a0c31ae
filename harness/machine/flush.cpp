// SPDX-License-Identifier: Apache-2.0
#include "harness/machine/flush.hpp"

#include <fmt/format.h>

#include <array>
#include <cstring>

#include "harness/machine/cpu_flags.hpp"
#include "harness/os/text.hpp"

#if defined(__x86_64__) || defined(__i386__)
#include <cpuid.h>
#endif

namespace tlbstorm::machine {
namespace {

constexpr std::string_view kKvm = "KVMKVMKVM";
constexpr std::string_view kHyperV = "Microsoft Hv";
// Linux: arch/x86/include/uapi/asm/kvm_para.h
constexpr std::uint32_t kKvmStealTime = 1u << 5;
constexpr std::uint32_t kKvmPvTlbFlush = 1u << 9;
constexpr std::uint32_t kKvmHintsRealtime = 1u << 0;
// Linux: include/hyperv/hvgdk_mini.h: HV_X64_REMOTE_TLB_FLUSH_RECOMMENDED
constexpr std::uint32_t kHyperVRemoteFlush = 1u << 2;

std::string hypervisor_name(const std::string& signature) {
  if (signature.starts_with(kKvm)) return "KVM";
  if (signature.starts_with(kHyperV)) return "Hyper-V";
  if (signature.starts_with("TCGTCGTCGTCG")) return "QEMU (TCG)";
  return signature;
}

/// arch/x86/kernel/kvm.c: pv_tlb_flush_supported().
bool kvm_flushes(const CpuIdFacts& cpuid) {
  return cpuid.hypervisor.starts_with(kKvm) && (cpuid.kvm_features & kKvmPvTlbFlush) != 0 &&
         (cpuid.kvm_features & kKvmStealTime) != 0 && (cpuid.kvm_hints & kKvmHintsRealtime) == 0;
}

FlushFacts judge_x86(std::string_view cpuinfo, const CpuIdFacts& cpuid) {
  FlushFacts facts;
  facts.hypervisor = hypervisor_name(cpuid.hypervisor);
  facts.has_tlb_row = true;
  facts.paravirt_flush_offered = kvm_flushes(cpuid);
  if (cpuid.hypervisor.starts_with(kHyperV) && (cpuid.hyperv_advice & kHyperVRemoteFlush) != 0) {
    facts.method = FlushMethod::hypercall;
    facts.paravirt_flush_offered = true;
    facts.text = "by Hyper-V hypercall where it can: those flushes send no interrupt";
  } else if (has_cpu_flag(cpuinfo, "invlpgb")) {
    facts.method = FlushMethod::broadcast;
    facts.text =
        "by INVLPGB broadcast for processes on 3 or more CPUs, else by IPI (broadcasts can't be counted)";
  } else {
    facts.method = FlushMethod::ipi;
    facts.text = facts.paravirt_flush_offered
                     ? "by IPI; KVM's paravirtual flush defers those to preempted vCPUs"
                     : "by IPI";
  }
  return facts;
}

}  // namespace

CpuIdFacts read_cpuid() {
  CpuIdFacts facts;
#if defined(__x86_64__) || defined(__i386__)
  constexpr unsigned kHypervisorBit = 1u << 31;  // leaf 1, ecx
  unsigned a = 0, b = 0, c = 0, d = 0;
  if (!__get_cpuid(1, &a, &b, &c, &d) || (c & kHypervisorBit) == 0) return facts;
  __cpuid(0x40000000, a, b, c, d);
  const std::array<unsigned, 3> signature{b, c, d};
  std::array<char, 13> text{};
  std::memcpy(text.data(), signature.data(), sizeof signature);
  facts.hypervisor = text.data();
  if (facts.hypervisor.starts_with(kKvm)) {
    __cpuid(0x40000001, a, b, c, d);
    facts.kvm_features = a;
    facts.kvm_hints = d;
  } else if (facts.hypervisor.starts_with(kHyperV)) {
    __cpuid(0x40000004, a, b, c, d);
    facts.hyperv_advice = a;
  }
#endif
  return facts;
}

FlushFacts judge_flush(std::string_view cpuinfo, std::string_view architecture, const CpuIdFacts& cpuid) {
  if (architecture == "x86_64" || architecture == "i686") return judge_x86(cpuinfo, cpuid);
  FlushFacts facts;
  if (architecture == "aarch64") {
    facts.method = FlushMethod::broadcast;
    facts.text = "by TLBI broadcast (arm64): there are no IPIs to count";
  } else {
    facts.text = fmt::format("in a way that tlbstorm does not know ({})", architecture);
  }
  return facts;
}

}  // namespace tlbstorm::machine

// SPDX-License-Identifier: Apache-2.0
// How this machine flushes other CPUs' TLBs: by interrupts that can be counted, by an instruction that
// broadcasts, or by asking the hypervisor.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace tlbstorm::machine {

enum class FlushMethod { ipi, broadcast, hypercall, unknown };

/// What CPUID says, as far as it matters here. All zero off x86 and on bare metal.
struct CpuIdFacts {
  std::string hypervisor;           ///< the signature at leaf 0x40000000, "KVMKVMKVM"
  std::uint32_t kvm_features = 0;   ///< eax of leaf 0x40000001 under KVM
  std::uint32_t kvm_hints = 0;      ///< edx of the same
  std::uint32_t hyperv_advice = 0;  ///< eax of leaf 0x40000004 under Hyper-V
};
CpuIdFacts read_cpuid();

struct FlushFacts {
  FlushMethod method = FlushMethod::unknown;
  std::string text;        ///< one line for people
  std::string hypervisor;  ///< "KVM", "Hyper-V", another signature, or empty on bare metal
  bool paravirt_flush_offered = false;
  bool has_tlb_row = false;  ///< /proc/interrupts counts shootdowns
};

/// `cpuinfo` is /proc/cpuinfo, `architecture` uname's machine.
FlushFacts judge_flush(std::string_view cpuinfo, std::string_view architecture, const CpuIdFacts& cpuid);

}  // namespace tlbstorm::machine

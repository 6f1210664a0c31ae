// SPDX-License-Identifier: Apache-2.0
// The NUMA policy of a worker's memory, through libnuma.
#pragma once

#include <string>
#include <vector>

#include "harness/machine/topology.hpp"

namespace tlbstorm::trial {

class MemPolicy {
 public:
  /// Local: a page comes from the node of the CPU that touches it first.
  MemPolicy() = default;
  /// "local", "interleave" or "bind:NODES". Throws os::UsageError that names the nodes there are.
  MemPolicy(std::string_view text, const machine::Topology& topology);

  /// Sets it for the calling thread and those that it starts. Throws os::Error.
  void apply() const;
  std::string text() const;

 private:
  enum class Kind { local, interleave, bind };
  Kind kind_ = Kind::local;
  std::vector<int> nodes_;
};

}  // namespace tlbstorm::trial

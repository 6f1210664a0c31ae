// SPDX-License-Identifier: Apache-2.0
// CPUs, cores, sockets and NUMA nodes, from sysfs. The root is a parameter so that fixtures can stand in for
// machines.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace tlbstorm::machine {

struct Cpu {
  int id = 0;
  int core = 0;  ///< within its socket
  int socket = 0;
  int node = 0;
};

struct Topology {
  std::vector<Cpu> cpus;  ///< online and allowed to us, by id: where workers can run
  /// NUMA nodes that memory can come from, those without CPUs (CXL, HBM) included; empty if the kernel names
  /// none.
  std::vector<int> memory_nodes = {};
  std::vector<int> online;  ///< all online CPUs: where interrupts can arrive

  const Cpu* find(int id) const;
  std::vector<int> sockets() const;  ///< those of `cpus`
  std::vector<int> nodes() const;
  /// "8 CPUs, 2 sockets, 2 NUMA nodes", and how many of them are ours if not all.
  std::string summary() const;
};

/// The CPUs that sched_getaffinity(2) allows this process.
std::vector<int> allowed_cpus();

/// Reads sys/devices/system under `root`; CPUs outside `allowed` are left out if it is given. A machine
/// without NUMA in the kernel has node 0, one that names no socket has socket 0. Throws os::Error when there
/// is no CPU.
Topology read_topology(const std::filesystem::path& root, const std::optional<std::vector<int>>& allowed);

}  // namespace tlbstorm::machine

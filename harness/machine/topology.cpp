// SPDX-License-Identifier: Apache-2.0
#include "harness/machine/topology.hpp"

#include <fmt/format.h>
#include <sched.h>

#include <algorithm>
#include <cerrno>
#include <map>
#include <set>

#include "harness/os/error.hpp"
#include "harness/os/fd.hpp"
#include "harness/os/text.hpp"
#include "harness/os/units.hpp"

namespace tlbstorm::machine {
namespace {

namespace fs = std::filesystem;

std::vector<int> read_list(const fs::path& path) {
  const auto text = os::try_read_text(path);
  if (!text || os::trim(*text).empty()) return {};
  return os::parse_list(path.native(), os::trim(*text));
}

/// A topology number; firmware that tells none reports -1.
int read_id(const fs::path& path) {
  const auto text = os::try_read_text(path);
  const auto number = text ? os::to_number(os::trim(*text)) : std::nullopt;
  return static_cast<int>(number.value_or(0));
}

std::map<int, int> node_of_cpu(const fs::path& system, std::vector<int>& all_nodes) {
  std::map<int, int> nodes;
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(system / "node", error)) {
    const std::string name = entry.path().filename();
    if (!name.starts_with("node")) continue;
    const auto number = os::to_number(std::string_view(name).substr(4));
    if (!number) continue;
    all_nodes.push_back(static_cast<int>(*number));
    for (const int cpu : read_list(entry.path() / "cpulist")) nodes[cpu] = static_cast<int>(*number);
  }
  return nodes;
}

template <typename Get>
std::vector<int> distinct(const std::vector<Cpu>& cpus, Get get) {
  std::set<int> seen;
  for (const Cpu& cpu : cpus) seen.insert(get(cpu));
  return {seen.begin(), seen.end()};
}

std::string counted(std::size_t n, const char* what) {
  return fmt::format("{} {}{}", n, what, n == 1 ? "" : "s");
}

}  // namespace

const Cpu* Topology::find(int id) const {
  const auto found = std::find_if(cpus.begin(), cpus.end(), [id](const Cpu& cpu) { return cpu.id == id; });
  return found == cpus.end() ? nullptr : &*found;
}

std::vector<int> Topology::sockets() const {
  return distinct(cpus, [](const Cpu& cpu) { return cpu.socket; });
}
std::vector<int> Topology::nodes() const {
  return distinct(cpus, [](const Cpu& cpu) { return cpu.node; });
}

std::string Topology::summary() const {
  std::string text = fmt::format("{}, {}, {}", counted(online.size(), "CPU"),
                                 counted(sockets().size(), "socket"), counted(nodes().size(), "NUMA node"));
  if (cpus.size() < online.size()) text += fmt::format(" ({} of the CPUs allowed to us)", cpus.size());
  return text;
}

std::vector<int> allowed_cpus() {
  // The kernel refuses a mask smaller than its own: grow until it fits.
  for (std::size_t bits = 1024; bits <= (std::size_t{1} << 20); bits *= 2) {
    cpu_set_t* const set = CPU_ALLOC(bits);
    const std::size_t size = CPU_ALLOC_SIZE(bits);
    CPU_ZERO_S(size, set);
    const int failed = ::sched_getaffinity(0, size, set) != 0 ? errno : 0;
    std::vector<int> cpus;
    for (std::size_t cpu = 0; !failed && cpu < bits; ++cpu)
      if (CPU_ISSET_S(cpu, size, set)) cpus.push_back(static_cast<int>(cpu));
    CPU_FREE(set);
    if (!failed) return cpus;
    if (failed != EINVAL) throw os::SystemError("sched_getaffinity", "", failed);
  }
  throw os::Error("sched_getaffinity: more CPUs than a million");
}

Topology read_topology(const fs::path& root, const std::optional<std::vector<int>>& allowed) {
  const fs::path system = root / "sys/devices/system";
  Topology topology;
  topology.online = read_list(system / "cpu/online");
  if (topology.online.empty())
    throw os::Error(fmt::format("{}: no online CPUs", (system / "cpu/online").native()), "is sysfs mounted?");
  const std::map<int, int> nodes = node_of_cpu(system, topology.memory_nodes);
  std::sort(topology.memory_nodes.begin(), topology.memory_nodes.end());
  for (const int id : topology.online) {
    if (allowed && std::find(allowed->begin(), allowed->end(), id) == allowed->end()) continue;
    const fs::path folder = system / fmt::format("cpu/cpu{}/topology", id);
    const auto node = nodes.find(id);
    topology.cpus.push_back({id, read_id(folder / "core_id"), read_id(folder / "physical_package_id"),
                             node == nodes.end() ? 0 : node->second});
  }
  if (topology.cpus.empty())
    throw os::Error(
        fmt::format("none of the online CPUs {} is allowed to us", os::format_list(topology.online)),
        "see taskset -p and the cpuset of your cgroup");
  return topology;
}

}  // namespace tlbstorm::machine

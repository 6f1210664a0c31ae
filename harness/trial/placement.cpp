// SPDX-License-Identifier: Apache-2.0
#include "harness/trial/placement.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <tuple>

#include "harness/os/error.hpp"
#include "harness/os/text.hpp"
#include "harness/os/units.hpp"

namespace tlbstorm::trial {
namespace {

using machine::Cpu;
using machine::Topology;
using os::UsageError;

constexpr const char* kRemedy = "give compact, scatter, socket:N, node:N or cpus:LIST";

/// A CPU and where it stands: which hyperthread of its core it is, and which of its socket's (or node's) such
/// CPUs.
struct CpuSeat {
  Cpu cpu;
  int thread = 0;
  int turn = 0;
};

std::vector<CpuSeat> seats_of(const std::vector<Cpu>& cpus) {
  std::vector<CpuSeat> seats;
  std::map<std::pair<int, int>, int> threads;      // on a core
  std::map<std::tuple<int, int, int>, int> turns;  // of a socket and node, by thread
  for (const Cpu& cpu : cpus) {
    const int thread = threads[{cpu.socket, cpu.core}]++;
    seats.push_back({cpu, thread, turns[{cpu.socket, cpu.node, thread}]++});
  }
  return seats;
}

template <typename Key>
std::vector<int> ordered(const std::vector<Cpu>& cpus, Key key) {
  std::vector<CpuSeat> seats = seats_of(cpus);
  std::stable_sort(seats.begin(), seats.end(),
                   [&](const CpuSeat& a, const CpuSeat& b) { return key(a) < key(b); });
  std::vector<int> ids;
  for (const CpuSeat& seat : seats) ids.push_back(seat.cpu.id);
  return ids;
}

std::vector<int> compact(const std::vector<Cpu>& cpus) {
  return ordered(cpus,
                 [](const CpuSeat& s) { return std::tuple(s.cpu.socket, s.thread, s.cpu.node, s.cpu.id); });
}

/// Sockets in turn; a socket's turns go over its nodes.
std::vector<int> scatter(const std::vector<Cpu>& cpus) {
  std::map<int, std::vector<int>> by_socket;
  for (const int id :
       ordered(cpus, [](const CpuSeat& s) { return std::tuple(s.thread, s.turn, s.cpu.node, s.cpu.id); }))
    by_socket[std::find_if(cpus.begin(), cpus.end(), [id](const Cpu& c) { return c.id == id; })->socket]
        .push_back(id);
  std::vector<int> ids;
  for (std::size_t turn = 0; ids.size() < cpus.size(); ++turn)
    for (const auto& [socket, own] : by_socket)
      if (turn < own.size()) ids.push_back(own[turn]);
  return ids;
}

int number_after_colon(std::string_view policy) {
  const auto number = os::to_number(policy.substr(policy.find(':') + 1));
  if (!number || *number > 65535) throw UsageError("--placement", policy, "not a number", kRemedy);
  return static_cast<int>(*number);
}

template <typename Get>
std::vector<int> only(const Topology& topology, std::string_view policy, const char* what,
                      const std::vector<int>& existing, Get get) {
  const int wanted = number_after_colon(policy);
  std::vector<Cpu> cpus;
  for (const Cpu& cpu : topology.cpus)
    if (get(cpu) == wanted) cpus.push_back(cpu);
  if (cpus.empty())
    throw UsageError("--placement", policy, fmt::format("there is no {} {}", what, wanted),
                     fmt::format("this machine has {} {}", what, os::format_list(existing)));
  return compact(cpus);
}

std::vector<int> listed(const Topology& topology, std::string_view policy) {
  std::vector<int> ids = os::parse_list("--placement", policy.substr(policy.find(':') + 1));
  std::vector<int> existing;
  for (const Cpu& cpu : topology.cpus) existing.push_back(cpu.id);
  for (const int id : ids)
    if (topology.find(id) == nullptr)
      throw UsageError("--placement", policy,
                       fmt::format("CPU {} is absent, offline or not allowed to us", id),
                       fmt::format("these can be used: {}", os::format_list(existing)));
  return ids;
}

std::vector<int> candidates(const Topology& topology, std::string_view policy) {
  if (policy == "compact") return compact(topology.cpus);
  if (policy == "scatter") return scatter(topology.cpus);
  if (policy.starts_with("socket:"))
    return only(topology, policy, "socket", topology.sockets(), [](const Cpu& cpu) { return cpu.socket; });
  if (policy.starts_with("node:"))
    return only(topology, policy, "node", topology.nodes(), [](const Cpu& cpu) { return cpu.node; });
  if (policy.starts_with("cpus:")) return listed(topology, policy);
  const std::string near = os::nearest(policy, {"compact", "scatter", "socket:0", "node:0", "cpus:0"});
  throw UsageError("--placement", policy, "not a placement",
                   near.empty() ? kRemedy : fmt::format("did you mean {}? {}", near, kRemedy));
}

}  // namespace

std::vector<int> place(const Topology& topology, std::string_view policy, int workers) {
  const std::vector<int> cpus = candidates(topology, policy);
  std::vector<int> placed;
  for (int worker = 0; worker < workers; ++worker)
    placed.push_back(cpus[static_cast<std::size_t>(worker) % cpus.size()]);
  return placed;
}

std::vector<int> cpus_beside(const Topology& topology, const std::vector<int>& taken) {
  std::vector<int> cores, threads;
  for (const Cpu& cpu : topology.cpus) {
    const auto is_taken = [&](int id) { return std::find(taken.begin(), taken.end(), id) != taken.end(); };
    const bool shares_core = std::any_of(topology.cpus.begin(), topology.cpus.end(), [&](const Cpu& other) {
      return other.socket == cpu.socket && other.core == cpu.core && is_taken(other.id);
    });
    if (is_taken(cpu.id)) continue;
    (shares_core ? threads : cores).push_back(cpu.id);
  }
  return cores.empty() ? threads : cores;
}

}  // namespace tlbstorm::trial

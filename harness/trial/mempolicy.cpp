// SPDX-License-Identifier: Apache-2.0
#include "harness/trial/mempolicy.hpp"

#include <fmt/format.h>
#include <numa.h>

#include <algorithm>
#include <cerrno>
#include <memory>

#include "harness/os/error.hpp"
#include "harness/os/units.hpp"

namespace tlbstorm::trial {
namespace {

struct FreeBitmask {
  void operator()(bitmask* mask) const { ::numa_free_nodemask(mask); }
};

std::unique_ptr<bitmask, FreeBitmask> mask_of(const std::vector<int>& nodes) {
  std::unique_ptr<bitmask, FreeBitmask> mask(::numa_allocate_nodemask());
  for (const int node : nodes) ::numa_bitmask_setbit(mask.get(), static_cast<unsigned>(node));
  return mask;
}

}  // namespace

MemPolicy::MemPolicy(std::string_view text, const machine::Topology& topology) {
  const std::vector<int> existing = topology.memory_nodes.empty() ? topology.nodes() : topology.memory_nodes;
  const std::string remedy = "give local, interleave or bind:NODES";
  if (text == "local") return;
  if (text == "interleave") {
    kind_ = Kind::interleave;
    nodes_ = existing;
    return;
  }
  if (!text.starts_with("bind:")) throw os::UsageError("--mempolicy", text, "not a memory policy", remedy);
  kind_ = Kind::bind;
  nodes_ = os::parse_list("--mempolicy", text.substr(5));
  for (const int node : nodes_)
    if (std::find(existing.begin(), existing.end(), node) == existing.end())
      throw os::UsageError("--mempolicy", text, fmt::format("there is no node {}", node),
                           fmt::format("this machine has node {}", os::format_list(existing)));
}

void MemPolicy::apply() const {
  if (::numa_available() < 0) {
    if (kind_ == Kind::local) return;
    throw os::Error("set the memory policy " + text() + ": this kernel has no NUMA", "use --mempolicy local");
  }
  errno = 0;  // libnuma's setters return nothing
  switch (kind_) {
    case Kind::local:
      ::numa_set_localalloc();
      break;
    case Kind::interleave:
      ::numa_set_interleave_mask(mask_of(nodes_).get());
      break;
    case Kind::bind:
      ::numa_set_membind(mask_of(nodes_).get());
      break;
  }
  if (errno != 0) throw os::SystemError("set the memory policy", text(), errno);
}

std::string MemPolicy::text() const {
  switch (kind_) {
    case Kind::local:
      return "local";
    case Kind::interleave:
      return "interleave";
    case Kind::bind:
      break;
  }
  return "bind:" + os::format_list(nodes_);
}

}  // namespace tlbstorm::trial

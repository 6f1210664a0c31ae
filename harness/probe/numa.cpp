// SPDX-License-Identifier: Apache-2.0
// Where pages came from, per NUMA node: Documentation/admin-guide/numastat.rst.
#include <fmt/format.h>

#include <algorithm>

#include "harness/os/text.hpp"
#include "harness/probe/probe.hpp"
#include "harness/probe/text_file.hpp"

namespace tlbstorm::probe {
namespace {

namespace fs = std::filesystem;

const std::vector<std::string> kKeys{"numa_hit",       "numa_miss",  "numa_foreign",
                                     "interleave_hit", "local_node", "other_node"};

struct Node {
  TextFile file;
  KeyScanner scanner;
};

class Numa final : public Probe {
 public:
  void add(int node, TextFile file) {
    std::vector<Key> keys;
    for (const std::string& name : KeyScanner::find(file.read(), kKeys)) {
      keys.push_back({name, columns_.size()});
      columns_.push_back({fmt::format("numa.node{}_{}", node, name), "pages"});
    }
    nodes_.push_back({std::move(file), KeyScanner(std::move(keys))});
    parts_.push_back({fmt::format("NUMA node {}", node)});
  }

  void read(std::span<double> row) noexcept override {
    std::fill(row.begin(), row.end(), kAbsent);
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
      const std::string_view text = nodes_[i].file.read();
      parts_[i].gone |= text.empty();
      if (!parts_[i].gone) nodes_[i].scanner.scan(text, row);
    }
  }

 private:
  std::vector<Node> nodes_;
};

/// The numbers of the nodes in sysfs, in ascending order.
std::vector<int> node_numbers(const fs::path& folder) {
  std::vector<int> numbers;
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, error)) {
    const std::string name = entry.path().filename();
    if (!name.starts_with("node")) continue;
    if (const auto number = os::to_number(name.substr(4))) numbers.push_back(static_cast<int>(*number));
  }
  std::sort(numbers.begin(), numbers.end());
  return numbers;
}

Opened open(const Target& target) {
  const fs::path folder = target.sys / "devices/system/node";
  auto probe = std::make_unique<Numa>();
  for (const int node : node_numbers(folder)) {
    const fs::path file = folder / fmt::format("node{}", node) / "numastat";
    if (fs::exists(file)) probe->add(node, TextFile(file));
  }
  if (probe->columns().empty()) return Unavailable{"the kernel is built without CONFIG_NUMA", ""};
  return probe;
}

// The kernel folds every CPU's share into a node's figures for each of these files.
const RegisteredProbe registration{
    {"numa", "allocations that each NUMA node served and those it could not", Cadence::edges_only, &open}};

}  // namespace
}  // namespace tlbstorm::probe

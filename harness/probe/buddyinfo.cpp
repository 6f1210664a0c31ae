// SPDX-License-Identifier: Apache-2.0
// Free memory by the size of its pieces, from /proc/buddyinfo (mm/vmstat.c: frag_show_print), summed over the
// zones of each NUMA node: blocks of 2^order pages, and what share of the free pages lies in blocks too small
// for a huge page. That share is the unusable free space index of Gorman and Whitcroft, "The What, The Why
// and the Where To of Anti-Fragmentation", Linux Symposium 2006: 0 when any free page will do, 1 when none.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "harness/os/text.hpp"
#include "harness/probe/probe.hpp"
#include "harness/probe/text_file.hpp"

namespace tlbstorm::probe {
namespace {

constexpr std::size_t kHugeOrder = 9;  // 2 MiB of 4 KiB pages

/// Takes "Node 0, zone   Normal" off the line, which the counts follow. Nothing when it is no such line.
std::optional<int> take_node(std::string_view& line) {
  if (os::take_field(line) != "Node") return std::nullopt;
  std::string_view node = os::take_field(line);
  if (node.ends_with(',')) node.remove_suffix(1);
  os::take_field(line);  // "zone"
  os::take_field(line);  // its name
  const auto number = os::to_number(node);
  return number ? std::optional<int>(static_cast<int>(*number)) : std::nullopt;
}

class BuddyInfo final : public Probe {
 public:
  explicit BuddyInfo(TextFile file) : file_(std::move(file)) {
    std::string_view text = file_.read();
    while (!text.empty()) {
      std::string_view line = os::take_line(text);
      const auto node = take_node(line);
      if (!node) continue;
      if (std::find(nodes_.begin(), nodes_.end(), *node) == nodes_.end()) nodes_.push_back(*node);
      std::size_t orders = 0;
      while (!os::take_field(line).empty()) ++orders;
      orders_ = std::max(orders_, orders);
    }
    for (const int node : nodes_) {
      parts_.push_back({fmt::format("NUMA node {}", node)});
      for (std::size_t order = 0; order < orders_; ++order)
        columns_.push_back({fmt::format("buddyinfo.node{}_order{}", node, order), "blocks", Kind::gauge});
      columns_.push_back({fmt::format("buddyinfo.node{}_unusable_huge", node), "ratio", Kind::gauge});
    }
  }

  void read(std::span<double> row) noexcept override {
    std::fill(row.begin(), row.end(), kAbsent);
    std::string_view text = file_.read();
    while (!text.empty()) {
      std::string_view line = os::take_line(text);
      const auto node = take_node(line);
      const auto at = node ? std::find(nodes_.begin(), nodes_.end(), *node) : nodes_.end();
      if (at == nodes_.end()) continue;
      const auto blocks = cells(row, static_cast<std::size_t>(at - nodes_.begin()));
      if (std::isnan(blocks[0])) std::fill(blocks.begin(), blocks.end(), 0.0);  // its first zone
      for (std::size_t order = 0; order < orders_; ++order)
        blocks[order] += static_cast<double>(os::to_number(os::take_field(line)).value_or(0));
    }
    for (std::size_t node = 0; node < nodes_.size(); ++node) {
      parts_[node].gone |= std::isnan(cells(row, node)[0]);
      index(cells(row, node));
    }
  }

 private:
  std::span<double> cells(std::span<double> row, std::size_t node) const {
    return row.subspan(node * (orders_ + 1), orders_ + 1);
  }
  void index(std::span<double> blocks) const noexcept {
    double free = 0, usable = 0;
    for (std::size_t order = 0; order < orders_; ++order) {
      const double pages = blocks[order] * static_cast<double>(std::uint64_t{1} << order);
      free += pages;
      if (order >= kHugeOrder) usable += pages;
    }
    blocks[orders_] = free > 0 ? (free - usable) / free : kAbsent;
  }

  TextFile file_;
  std::vector<int> nodes_;
  std::size_t orders_ = 0;
};

Opened open(const Target& target) {
  try {
    auto probe = std::make_unique<BuddyInfo>(TextFile(target.proc / "buddyinfo"));
    if (!probe->columns().empty()) return probe;
  } catch (const std::exception&) {  // no such file, or not for this user
  }
  return Unavailable{"/proc/buddyinfo can't be read or is empty", "run as root, outside a container"};
}

// The kernel takes each zone's lock for this file: it is read at phase edges only.
const Registered registration{{"buddyinfo", "free memory by size of block, and its unusable share, per node",
                               Cadence::edges_only, &open}};

}  // namespace
}  // namespace tlbstorm::probe

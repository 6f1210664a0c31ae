// SPDX-License-Identifier: Apache-2.0
// Free memory by the size of its pieces, from /proc/buddyinfo (mm/vmstat.c: frag_show_print), summed over the
// zones of each NUMA node: blocks of 2^order pages, and what share of the free pages lies in blocks too small
// for a huge page. That share is the unusable free space index of Gorman and Whitcroft, "The What, The Why
// and the Where To of Anti-Fragmentation", Linux Symposium 2006: 0 when any free page will do, 1 when none.
#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>

#include "harness/os/fd.hpp"
#include "harness/os/mapping.hpp"
#include "harness/os/text.hpp"
#include "harness/probe/probe.hpp"
#include "harness/probe/text_file.hpp"

namespace tlbstorm::probe {
namespace {

/// Of a huge page, in pages: as the kernel says, or as many as a page table has entries of eight bytes, where
/// it has no transparent huge pages.
std::size_t huge_order(const Target& target) {
  const std::uint64_t page = os::page_size().count;
  const auto told = os::to_number(
      os::trim(os::try_read_text(target.sys / "kernel/mm/transparent_hugepage/hpage_pmd_size").value_or("")));
  const std::uint64_t pages = told && *told > page ? *told / page : page / 8;
  return static_cast<std::size_t>(std::bit_width(pages)) - 1;
}

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
  BuddyInfo(TextFile file, std::size_t huge_order) : file_(std::move(file)), huge_order_(huge_order) {
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
      if (order >= huge_order_) usable += pages;
    }
    blocks[orders_] = free > 0 ? (free - usable) / free : kAbsent;
  }

  TextFile file_;
  std::size_t huge_order_;
  std::vector<int> nodes_;
  std::size_t orders_ = 0;
};

Opened open(const Target& target) {
  try {
    auto probe = std::make_unique<BuddyInfo>(TextFile(target.proc / "buddyinfo"), huge_order(target));
    if (!probe->columns().empty()) return probe;
  } catch (const std::exception&) {  // no such file, or not for this user
  }
  return Unavailable{"/proc/buddyinfo can't be read or is empty", "run as root, outside a container"};
}

// The kernel takes each zone's lock for this file: it is read at phase edges only.
const RegisteredProbe registration{{"buddyinfo",
                                    "free memory by size of block, and its unusable share, per node",
                                    Cadence::edges_only, &open}};

}  // namespace
}  // namespace tlbstorm::probe

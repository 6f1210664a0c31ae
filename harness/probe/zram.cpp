// SPDX-License-Identifier: Apache-2.0
// What the zram devices that are swap areas hold and what that costs, from their mm_stat:
// Documentation/admin-guide/blockdev/zram.rst.
#include <array>

#include "harness/machine/swap.hpp"
#include "harness/os/fd.hpp"
#include "harness/os/text.hpp"
#include "harness/probe/field_sums.hpp"
#include "harness/probe/probe.hpp"
#include "harness/probe/swap_parts.hpp"
#include "harness/probe/text_file.hpp"

namespace tlbstorm::probe {
namespace {

struct Gauge {
  std::size_t index;  ///< of the field in mm_stat
  const char* column;
  const char* unit;
  Kind kind;
};

/// memory_used is more than compressed: it includes the allocator's own and its fragmentation. Same pages
/// (filled with one word) take no room in either; incompressible ones are stored as they are. The kernel adds
/// fields at the end, so older ones lack the last of these.
constexpr auto kFigures = std::to_array<Gauge>({{0, "zram.stored", "bytes", Kind::gauge},
                                                {1, "zram.compressed", "bytes", Kind::gauge},
                                                {2, "zram.memory_used", "bytes", Kind::gauge},
                                                {5, "zram.same_pages", "pages", Kind::gauge},
                                                {7, "zram.incompressible_pages", "pages", Kind::gauge},
                                                {8, "zram.incompressible_stores", "pages", Kind::counter}});

std::size_t count_fields(std::string_view line) {
  std::size_t count = 0;
  while (!os::take_field(line).empty()) ++count;
  return count;
}

class Zram final : public Probe {
 public:
  Zram(const std::filesystem::path& swaps, std::vector<Part> areas, std::vector<TextFile> files)
      : swaps_(swaps), sums_(choose(files)) {
    parts_ = std::move(areas);
  }

  void read(std::span<double> row) noexcept override { sums_.read(row, parts_); }
  std::vector<std::string> take_stock() override {
    std::vector<std::string> came = take_stock_of_swap(swaps_.read(), parts_);
    std::erase_if(came, [](const std::string& name) { return name.find("zram") == std::string::npos; });
    return came;
  }

 private:
  FieldSums choose(std::vector<TextFile>& files) {
    std::string_view text = files.front().read();
    const std::size_t present = count_fields(os::take_line(text));
    std::vector<Field> fields;
    for (const Gauge& figure : kFigures) {
      if (figure.index >= present) break;
      fields.push_back({figure.index, columns_.size()});
      columns_.push_back({figure.column, figure.unit, figure.kind});
    }
    return {std::move(files), std::move(fields)};
  }

  TextFile swaps_;
  FieldSums sums_;
};

Opened open(const Target& target) {
  std::vector<Part> areas;
  std::vector<TextFile> files;
  for (const machine::SwapArea& area :
       machine::parse_swaps(os::try_read_text(target.proc / "swaps").value_or(""))) {
    const std::string name = machine::block_name(area);
    if (!name.starts_with("zram")) continue;
    const std::filesystem::path file = target.sys / "class/block" / name / "mm_stat";
    if (!std::filesystem::exists(file))
      return Unavailable{name + " has no mm_stat: this kernel is older than 4.1", ""};
    files.emplace_back(file);
    areas.push_back(part_of(area));
  }
  if (files.empty())
    return Unavailable{"no zram device is a swap area", "add --swap zram:1G to the run", true};
  return std::make_unique<Zram>(target.proc / "swaps", std::move(areas), std::move(files));
}

const RegisteredProbe registration{
    {"zram", "pages stored in zram swap, compressed and not, and their cost", Cadence::every_sample, &open}};

}  // namespace
}  // namespace tlbstorm::probe

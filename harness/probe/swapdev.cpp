// SPDX-License-Identifier: Apache-2.0
// What the swap areas' devices did: requests and bytes, from Documentation/block/stat.rst, beside the room
// that /proc/meminfo says is left. vmstat's pswpin and pswpout count pages; these count what reached the
// device, after merging.
//
// A swap file counts nothing: the statistics of its device are those of the whole file system. Where there
// are files beside devices, what lies in the files is sampled, so that one can tell when the devices saw not
// all.
#include <algorithm>
#include <array>
#include <optional>

#include "harness/machine/swap.hpp"
#include "harness/os/fd.hpp"
#include "harness/os/meminfo.hpp"
#include "harness/os/text.hpp"
#include "harness/probe/field_sums.hpp"
#include "harness/probe/probe.hpp"
#include "harness/probe/swap_parts.hpp"
#include "harness/probe/text_file.hpp"

namespace tlbstorm::probe {
namespace {

namespace fs = std::filesystem;

/// Sectors of these files are 512 bytes, whatever the device's are: Documentation/block/stat.rst.
constexpr double kSector = 512;

/// A field of a block device's stat and the column for it. Times are in milliseconds there, in 32 bits,
/// summed over the requests; `busy` is when any was under way, `queued` adds up all that were: with 64
/// requests under way it wraps after 19 hours.
struct Statistic {
  std::size_t field;
  const char* column;
  const char* unit;
  double scale;
  Kind kind;
  bool wraps = false;
};
constexpr auto kStatistics =
    std::to_array<Statistic>({{0, "swapdev.reads", "requests", 1, Kind::counter},
                              {2, "swapdev.read_bytes", "bytes", kSector, Kind::counter},
                              {3, "swapdev.read_time", "s", 1e-3, Kind::counter, true},
                              {4, "swapdev.writes", "requests", 1, Kind::counter},
                              {6, "swapdev.written_bytes", "bytes", kSector, Kind::counter},
                              {7, "swapdev.write_time", "s", 1e-3, Kind::counter, true},
                              {8, "swapdev.in_flight", "requests", 1, Kind::gauge},
                              {9, "swapdev.busy", "s", 1e-3, Kind::counter, true},
                              {10, "swapdev.queued", "s", 1e-3, Kind::counter, true}});

/// A device that keeps no statistics shows zeros, which are not figures. zram keeps them without asking for
/// the queue's flag, which is 0 there (drivers/block/zram/zram_drv.c: bio_start_io_acct). A partition's queue
/// is in its disk's folder, where the link in class/block leads.
bool keeps_statistics(const fs::path& device) {
  if (device.filename().native().starts_with("zram")) return true;
  for (const char* const flag : {"queue/iostats", "../queue/iostats"})
    if (const auto text = os::try_read_text(device / flag)) return os::trim(*text) != "0";
  return true;
}

bool is_file(const machine::SwapArea& area) { return machine::block_name(area).empty(); }

/// The statistics of all areas that are block devices, in their order; none when one of them has none, since
/// a sum without it would be another figure.
std::vector<TextFile> open_statistics(const std::vector<machine::SwapArea>& areas, const fs::path& sys) {
  std::vector<TextFile> files;
  for (const machine::SwapArea& area : areas) {
    if (is_file(area)) continue;
    const std::string name = machine::block_name(area);
    const fs::path device = sys / "class/block" / name;
    if (!fs::exists(device / "stat") || !keeps_statistics(device)) return {};
    files.emplace_back(device / "stat");
  }
  return files;
}

/// Bytes in the swap files of /proc/swaps: Filename, Type, Size, Used (in KiB), Priority.
double used_in_files(std::string_view swaps) {
  double bytes = 0;
  for (os::take_line(swaps); !swaps.empty();) {
    std::string_view line = os::take_line(swaps);
    os::take_field(line);
    const bool in_file = os::take_field(line) == "file";
    os::take_field(line);
    const auto used = os::to_number(os::take_field(line));
    if (!used) return kAbsent;
    if (in_file) bytes += static_cast<double>(*used) * 1024;
  }
  return bytes;
}

class SwapDev final : public Probe {
 public:
  /// `areas`: the devices come first.
  SwapDev(const Target& target, const std::vector<machine::SwapArea>& areas, std::vector<TextFile> statistics)
      : meminfo_(target.proc / "meminfo"), swaps_(target.proc / "swaps") {
    for (const machine::SwapArea& area : areas) parts_.push_back(part_of(area));
    columns_ = {{"swapdev.total", "bytes", Kind::gauge}, {"swapdev.free", "bytes", Kind::gauge}};
    if (statistics.empty()) return;
    std::vector<Field> fields;
    for (const Statistic& statistic : kStatistics) {
      fields.push_back({statistic.field, columns_.size(), statistic.scale, statistic.wraps});
      columns_.push_back({statistic.column, statistic.unit, statistic.kind});
    }
    sums_.emplace(std::move(statistics), std::move(fields));
    files_too_ = is_file(areas.back());
    if (files_too_) columns_.push_back({"swapdev.in_files", "bytes", Kind::gauge});
  }

  void read(std::span<double> row) noexcept override {
    const std::string_view text = meminfo_.read();
    row[0] = or_absent(os::meminfo(text, "SwapTotal"));
    row[1] = or_absent(os::meminfo(text, "SwapFree"));
    if (sums_) sums_->read(row, parts_);
    if (files_too_) row[columns_.size() - 1] = used_in_files(swaps_.read());
  }
  std::vector<std::string> take_stock() override { return take_stock_of_swap(swaps_.read(), parts_); }

 private:
  TextFile meminfo_;
  std::optional<FieldSums> sums_;
  TextFile swaps_;
  bool files_too_ = false;  ///< there are files beside devices
};

Opened open(const Target& target) {
  auto areas = machine::parse_swaps(os::try_read_text(target.proc / "swaps").value_or(""));
  if (areas.empty()) return Unavailable{"no swap is active", "add --swap zram:1G to the run", true};
  std::stable_partition(areas.begin(), areas.end(), [](const auto& area) { return !is_file(area); });
  return std::make_unique<SwapDev>(target, areas, open_statistics(areas, target.sys));
}

const RegisteredProbe registration{
    {"swapdev", "room left in swap, requests and bytes of its block devices", Cadence::every_sample, &open}};

}  // namespace
}  // namespace tlbstorm::probe

// SPDX-License-Identifier: Apache-2.0
// Memory that DAMON reclaimed, which no counter of reclaim has (mm/damon/paddr.c: damon_pa_pageout() calls
// reclaim_pages()). Documentation/admin-guide/mm/damon/reclaim.rst and usage.rst.
#include <vector>

#include "harness/os/fd.hpp"
#include "harness/os/text.hpp"
#include "harness/probe/column_names.hpp"
#include "harness/probe/probe.hpp"
#include "harness/probe/text_file.hpp"

namespace tlbstorm::probe {
namespace {

namespace fs = std::filesystem;

class Damon final : public Probe {
 public:
  explicit Damon(const std::vector<fs::path>& files) : files_(files.begin(), files.end()) {
    columns_.push_back({column::kReclaimedByDamon, "bytes"});
  }

  void read(std::span<double> row) noexcept override {
    double bytes = 0;
    for (TextFile& file : files_) {
      const auto count = os::to_number(os::trim(file.read()));
      bytes = count ? bytes + static_cast<double>(*count) : kAbsent;  // absent with any of them
    }
    row[0] = bytes;
  }

 private:
  std::vector<TextFile> files_;
};

std::string text_of(const fs::path& file) {
  return std::string(os::trim(os::try_read_text(file).value_or("")));
}

/// The folders in one that are called by numbers.
std::vector<fs::path> numbered(const fs::path& folder) {
  std::vector<fs::path> found;
  std::error_code gone;
  for (fs::directory_iterator entry(folder, gone), end; !gone && entry != end; entry.increment(gone))
    if (os::to_number(entry->path().filename().native())) found.push_back(entry->path());
  return found;
}

/// Where schemes that reclaim tell how much; and whether one does that never tells by itself.
struct Schemes {
  std::vector<fs::path> told;
  bool any_silent = false;
};
Schemes find_schemes(const fs::path& admin) {
  Schemes schemes;
  for (const fs::path& kdamond : numbered(admin / "kdamonds")) {
    if (text_of(kdamond / "state") != "on") continue;
    // Statistics in sysfs stand still unless the kernel is told to renew them (since 6.17).
    const auto renewed = os::to_number(text_of(kdamond / "refresh_ms"));
    for (const fs::path& context : numbered(kdamond / "contexts"))
      for (const fs::path& scheme : numbered(context / "schemes")) {
        if (text_of(scheme / "action") != "pageout") continue;
        if (renewed.value_or(0) > 0)
          schemes.told.push_back(scheme / "stats/sz_applied");
        else
          schemes.any_silent = true;
      }
  }
  return schemes;
}

Opened open(const Target& target) {
  Schemes schemes = find_schemes(target.sys / "kernel/mm/damon/admin");
  if (schemes.any_silent)
    return Unavailable{
        "a DAMON scheme pages out, and its statistics are not renewed",
        "echo 100 > /sys/kernel/mm/damon/admin/kdamonds/N/refresh_ms, of Linux 6.17 and newer"};
  const fs::path module = target.sys / "module/damon_reclaim/parameters";
  if (text_of(module / "enabled") == "Y") schemes.told.push_back(module / "bytes_reclaimed_regions");
  if (schemes.told.empty()) return Unavailable{"DAMON reclaims nothing here", "", true};
  return std::make_unique<Damon>(schemes.told);
}

const RegisteredProbe registration{
    {"damon", "memory that DAMON reclaimed by itself", Cadence::edges_only, &open}};

}  // namespace
}  // namespace tlbstorm::probe

// SPDX-License-Identifier: Apache-2.0
// Pressure stall information: time in which some or all tasks waited. Documentation/accounting/psi.rst.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "harness/os/error.hpp"
#include "harness/os/text.hpp"
#include "harness/probe/probe.hpp"
#include "harness/probe/text_file.hpp"

namespace tlbstorm::probe {
namespace {

constexpr std::array<std::string_view, 3> kResources{"memory", "io", "cpu"};

/// The number after "total=" of a line "some avg10=0.00 avg60=0.00 avg300=0.00 total=0", in microseconds.
double total(std::string_view line) noexcept {
  constexpr std::string_view kTotal = "total=";
  const std::size_t at = line.find(kTotal);
  if (at == std::string_view::npos) return kAbsent;
  const auto value = os::to_number(line.substr(at + kTotal.size()));
  return value ? static_cast<double>(*value) : kAbsent;
}

class Psi final : public Probe {
 public:
  explicit Psi(const std::filesystem::path& folder) {
    for (const std::string_view resource : kResources) {
      files_.emplace_back(folder / resource);
      for (const std::string_view kind : {"some", "full"})
        columns_.push_back({fmt::format("psi.{}_{}", resource, kind), "us"});
    }
  }

  void read(std::span<double> row) noexcept override {
    std::fill(row.begin(), row.end(), kAbsent);
    for (std::size_t i = 0; i < files_.size(); ++i) {
      std::string_view text = files_[i].read();
      while (!text.empty()) {
        const std::string_view line = os::take_line(text);
        if (line.starts_with("some")) row[2 * i] = total(line);
        if (line.starts_with("full")) row[2 * i + 1] = total(line);
      }
    }
  }

 private:
  std::vector<TextFile> files_;
};

Opened open(const Target& target) {
  const std::filesystem::path folder = target.proc / "pressure";
  if (!std::filesystem::exists(folder))
    return Unavailable{"no /proc/pressure: the kernel is built without CONFIG_PSI", ""};
  try {
    return std::make_unique<Psi>(folder);
  } catch (const os::SystemError& error) {
    return Unavailable{fmt::format("pressure stall information is off ({})", error.what()),
                       "boot with psi=1"};
  }
}

const RegisteredProbe registration{
    {"psi", "time that tasks stalled on memory, I/O and CPU, machine-wide", Cadence::every_sample, &open}};

}  // namespace
}  // namespace tlbstorm::probe

// SPDX-License-Identifier: Apache-2.0
#include "harness/machine/snapshot.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <memory>
#include <thread>

#include "harness/machine/kernel_config.hpp"
#include "harness/os/fd.hpp"
#include "harness/os/text.hpp"

namespace tlbstorm::machine {
namespace {

namespace fs = std::filesystem;

/// Ticks that the CPUs were neither idle nor waiting for I/O.
std::optional<double> busy_ticks() {
  const std::string text = os::try_read_text("/proc/stat").value_or("");
  std::string_view rest = text;
  std::string_view line = os::take_line(rest);
  if (os::take_field(line) != "cpu") return std::nullopt;
  double busy = 0;
  for (int field = 0; field < 8; ++field) {
    const auto ticks = os::to_number(os::take_field(line));
    if (field != 3 && field != 4) busy += static_cast<double>(ticks.value_or(0));
  }
  return busy;
}

}  // namespace

std::optional<std::string> Snapshot::text(const std::string& path) const {
  const auto whole = os::try_read_text(root / path);
  return whole ? std::optional<std::string>(os::trim(*whole)) : std::nullopt;
}

std::vector<std::string> Snapshot::list(const std::string& folder) const {
  std::vector<std::string> names;
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(root / folder, error))
    names.push_back(entry.path().filename());
  std::sort(names.begin(), names.end());
  return names;
}

std::optional<std::string> Snapshot::boot_option(std::string_view name) const {
  const std::string words = text("proc/cmdline").value_or("");
  for (std::string_view rest = words; !os::trim(rest).empty();) {
    const std::string_view word = os::take_field(rest);
    if (word == name) return "";
    if (word.starts_with(name) && word.size() > name.size() && word[name.size()] == '=')
      return std::string(word.substr(name.size() + 1));
  }
  return std::nullopt;
}

std::optional<std::string> Snapshot::config(std::string_view name) const {
  if (kernel_config.empty()) return std::nullopt;
  return std::string(os::find_value(kernel_config, fmt::format("CONFIG_{}", name), '=').value_or("n"));
}

std::optional<double> measure_load() {
  constexpr std::chrono::milliseconds kLook{200};
  const auto before = busy_ticks();
  std::this_thread::sleep_for(kLook);
  const auto after = busy_ticks();
  if (!before || !after) return std::nullopt;
  return (*after - *before) / static_cast<double>(::sysconf(_SC_CLK_TCK)) /
         std::chrono::duration<double>(kLook).count();
}

Snapshot take_snapshot(Machine machine) {
  Snapshot snapshot;
  snapshot.machine = std::move(machine);
  for (const Fact& fact : snapshot.machine.facts)
    if (fact.key == "kernel_release") snapshot.kernel_release = fact.value;
  snapshot.kernel_config = kernel_config(snapshot.kernel_release);
  snapshot.is_root = ::geteuid() == 0;
  return snapshot;
}

}  // namespace tlbstorm::machine

// SPDX-License-Identifier: Apache-2.0
#include "harness/os/pmu_event.hpp"

#include <fmt/format.h>
#include <perfmon/pfmlib_perf_event.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include "harness/os/error.hpp"
#include "harness/os/units.hpp"

namespace tlbstorm::os {
namespace {

/// Calls `take` with each PMU that libpfm4 knows, this machine's and others.
template <typename Take>
void for_each_known_pmu(Take take) {
  for (int i = PFM_PMU_NONE; i < PFM_PMU_MAX; ++i) {
    pfm_pmu_info_t info{};
    info.size = sizeof info;
    if (::pfm_get_pmu_info(static_cast<pfm_pmu_t>(i), &info) == PFM_SUCCESS) take(info);
  }
}

/// With each that this machine has.
template <typename Take>
void for_each_pmu(Take take) {
  for_each_known_pmu([&](const pfm_pmu_info_t& info) {
    if (info.is_present) take(info);
  });
}

/// With the name of each event of a PMU.
template <typename Take>
void for_each_event(const pfm_pmu_info_t& pmu, Take take) {
  for (int event = pmu.first_event; event >= 0; event = ::pfm_get_event_next(event)) {
    pfm_event_info_t info{};
    info.size = sizeof info;
    if (::pfm_get_event_info(event, PFM_OS_PERF_EVENT, &info) == PFM_SUCCESS) take(std::string(info.name));
  }
}

/// "r01c2": the bits themselves, as perf(1) takes them.
std::optional<perf_event_attr> raw_event(std::string_view name) {
  if (!name.starts_with("r")) return std::nullopt;
  std::uint64_t bits = 0;
  const auto [end, error] = std::from_chars(name.data() + 1, name.data() + name.size(), bits, 16);
  if (error != std::errc{} || end != name.data() + name.size()) return std::nullopt;
  perf_event_attr attributes{};
  attributes.type = PERF_TYPE_RAW;
  attributes.config = bits;
  return attributes;
}

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::tolower(c); });
  return text;
}

int encode_by_library(const std::string& name, perf_event_attr& attributes) {
  pfm_perf_encode_arg_t request{};
  request.attr = &attributes;
  request.size = sizeof request;
  return ::pfm_get_os_event_encoding(name.c_str(), PFM_PLM0 | PFM_PLM3, PFM_OS_PERF_EVENT, &request);
}

/// Whether any CPU has such an event, whatever stands behind its name:
/// "skl::DTLB_LOAD_MISSES:WALK_COMPLETED".
bool some_cpu_has(const std::string& name) {
  const std::size_t colons = name.find("::");
  const std::string pmu_name = colons == std::string::npos ? "" : lower(name.substr(0, colons));
  const std::string rest = colons == std::string::npos ? name : name.substr(colons + 2);
  const std::string event_name = lower(rest.substr(0, rest.find(':')));
  bool found = false;
  for_each_known_pmu([&](const pfm_pmu_info_t& pmu) {
    if (!found && (pmu_name.empty() || lower(pmu.name) == pmu_name))
      for_each_event(pmu, [&](const std::string& event) { found |= lower(event) == event_name; });
  });
  return found;
}

}  // namespace

PmuEvents::PmuEvents() {
  if (const int code = ::pfm_initialize(); code != PFM_SUCCESS)
    throw Error(fmt::format("libpfm4: {}", ::pfm_strerror(code)));
}

perf_event_attr PmuEvents::encode(const std::string& name) const {
  if (const auto raw = raw_event(name)) return *raw;
  perf_event_attr attributes{};
  const int code = encode_by_library(name, attributes);
  if (code == PFM_SUCCESS) return attributes;
  const std::string near = nearest(lower(name), names());
  throw Error(
      fmt::format("libpfm4 knows no event {} on this CPU: {}", name, ::pfm_strerror(code)),
      near.empty() ? "`showevtinfo` of libpfm4 lists the events" : fmt::format("did you mean {}?", near));
}

void PmuEvents::check(const std::string& option, const std::string& name) const {
  perf_event_attr ignored{};
  if (raw_event(name)) return;
  const int code = encode_by_library(name, ignored);
  if (code == PFM_SUCCESS || (code == PFM_ERR_NOTFOUND && some_cpu_has(name))) return;
  const std::string near = code == PFM_ERR_NOTFOUND ? nearest(lower(name), names()) : "";
  throw UsageError(
      option, name,
      code == PFM_ERR_NOTFOUND ? "no event of any CPU that libpfm4 knows" : ::pfm_strerror(code),
      near.empty() ? "`showevtinfo` of libpfm4 lists the events" : fmt::format("did you mean {}?", near));
}

std::vector<std::string> PmuEvents::hardware_pmus() const {
  std::vector<std::string> found;
  for_each_pmu([&](const pfm_pmu_info_t& info) {
    if (info.type == PFM_PMU_TYPE_CORE) found.emplace_back(info.name);
  });
  return found;
}

std::vector<std::string> PmuEvents::names() const {
  std::vector<std::string> all;
  for_each_pmu([&](const pfm_pmu_info_t& pmu) {
    for_each_event(pmu, [&](std::string event) { all.push_back(lower(std::move(event))); });
  });
  return all;
}

}  // namespace tlbstorm::os

// SPDX-License-Identifier: Apache-2.0
// A probe opened by its name, and what it reads.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <string>

#include "harness/probe/probe.hpp"

namespace tlbstorm::probe {

inline Opened open(const std::string& name, const Target& target) {
  for (const Source& source : sources())
    if (source.name == name) return source.open(target);
  return Unavailable{"no such probe", ""};
}

/// By column; nothing when the probe is absent.
inline std::map<std::string, double> read(Opened& opened) {
  auto* const probe = std::get_if<std::unique_ptr<Probe>>(&opened);
  std::map<std::string, double> all;
  if (probe == nullptr) return all;
  std::vector<double> row((*probe)->columns().size());
  (*probe)->read(row);
  for (std::size_t i = 0; i < row.size(); ++i) all[(*probe)->columns()[i].name] = row[i];
  return all;
}
inline std::map<std::string, double> values(Opened opened) { return read(opened); }

/// Why it is absent; empty when it is there.
inline std::string reason(const Opened& opened) {
  const auto* const absent = std::get_if<Unavailable>(&opened);
  return absent == nullptr ? "" : absent->reason;
}

}  // namespace tlbstorm::probe

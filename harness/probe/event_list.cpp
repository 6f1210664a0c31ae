// SPDX-License-Identifier: Apache-2.0
#include "harness/probe/event_list.hpp"

#include <algorithm>
#include <set>

#include "harness/os/error.hpp"
#include "harness/os/pmu_event.hpp"
#include "harness/os/text.hpp"
#include "harness/os/units.hpp"

namespace tlbstorm::probe {

std::vector<EventGroup> parse_events(std::string_view text) {
  const auto refuse = [&](const char* problem) {
    throw os::UsageError("--events", text, problem, "write it as cycles,{dTLB-loads,dTLB-load-misses}");
  };
  std::vector<EventGroup> groups;
  for (std::string_view rest = text;;) {
    const bool braces = rest.starts_with('{');
    const std::size_t end = std::min(rest.find(braces ? '}' : ','), rest.size());
    if (braces && end == rest.size()) refuse("a brace is not closed");
    const std::string_view names = rest.substr(braces ? 1 : 0, end - (braces ? 1 : 0));
    if (names.empty()) refuse("an empty place in the list");
    if (names.find_first_of("{}") != std::string_view::npos) refuse("a brace in the wrong place");
    groups.push_back(os::part_of("--events", text, names,
                                 [](std::string_view part) { return os::split_list("--events", part); }));
    rest.remove_prefix(braces ? end + 1 : end);
    if (rest.empty()) return groups;
    if (!rest.starts_with(',')) refuse("no comma after a brace");
    rest.remove_prefix(1);
  }
}

void check_events(std::string_view text) {
  const os::PmuEvents library;
  std::set<std::string> seen;
  for (const EventGroup& group : parse_events(text))
    for (const std::string& name : group)
      os::part_of("--events", text, name, [&](std::string_view event) {
        library.check("--events", std::string(event));
        if (!seen.insert(std::string(event)).second)
          throw os::UsageError("--events", event, "it is in it twice", "give each event once");
      });
}

}  // namespace tlbstorm::probe

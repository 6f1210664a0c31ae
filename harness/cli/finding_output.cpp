// SPDX-License-Identifier: Apache-2.0
#include "harness/cli/finding_output.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <iostream>

#include "harness/cli/command.hpp"
#include "harness/cli/named_format.hpp"
#include "harness/os/folder.hpp"
#include "harness/os/named_path.hpp"
#include "harness/os/printable.hpp"

namespace tlbstorm::cli {
namespace {

using report::FindingFormat;
using report::FindingReport;

std::pair<const FindingFormat*, std::string> report_of(const std::string& text) {
  const std::size_t equals = text.find('=');
  if (equals == std::string::npos || equals + 1 == text.size())
    throw os::UsageError("--report", text, "not FORMAT=FILE", "write it as --report junit=gate.xml");
  const std::string file = text.substr(equals + 1);
  os::check_place_of_file("--report", file);
  return {&format_named("--report", text.substr(0, equals), report::finding_formats()), file};
}

std::string printed(const FindingFormat& format, const FindingReport& findings,
                    const std::function<std::string()>& json) {
  return format.name == "json" && json ? json() : format.print(findings);
}

}  // namespace

void FindingOutput::add_to(CLI::App& app) {
  app.add_option("--format", format, format_names(report::finding_formats()))->capture_default_str();
  app.add_option("--report", reports, "FORMAT=FILE: also written there; may be repeated");
}

void FindingOutput::check() const {
  format_named("--format", format, report::finding_formats());
  for (const std::string& text : reports) report_of(text);
}

bool FindingOutput::publish(const FindingReport& findings, const std::function<std::string()>& json) const {
  std::cout << printed(format_named("--format", format, report::finding_formats()), findings, json);
  FindingReport plain = findings;
  plain.coloured = false;
  bool all = true;
  for (const std::string& text : reports) try {
      const auto [how, file] = report_of(text);
      os::write_named_file(file, os::printable(printed(*how, plain, json)));
    } catch (const os::Error& error) {
      complain(fmt::format("--report {}: {}", text, error.what()), error.hint());
      all = false;
    }
  return all;
}

}  // namespace tlbstorm::cli

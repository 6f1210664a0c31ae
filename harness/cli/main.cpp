// SPDX-License-Identifier: Apache-2.0
// tlbstorm: what Linux memory reclaim costs in TLB shootdowns.
#include <fmt/format.h>

#include <array>
#include <iostream>

#include "harness/cli/command.hpp"
#include "harness/os/error.hpp"
#include "harness/os/printable.hpp"
#include "harness/os/process.hpp"
#include "harness/os/units.hpp"

namespace {

using tlbstorm::cli::Arguments;

struct Subcommand {
  const char* name;
  const char* help;
  int (*run)(const Arguments&);
};

constexpr auto kSubcommands = std::to_array<Subcommand>({
    {"run", "run a workload under memory reclaim and measure its TLB shootdowns", &tlbstorm::cli::run},
    {"suite", "run a list of workloads and print one table", &tlbstorm::cli::suite},
    {"report", "print the summary of run folders", &tlbstorm::cli::report},
    {"compare", "what changed between runs, by how much, how surely", &tlbstorm::cli::compare},
    {"gate", "pass, fail or unsure: whether new runs keep to rules", &tlbstorm::cli::gate},
    {"ab", "two settings of this machine against each other, interleaved", &tlbstorm::cli::ab},
    {"calibrate", "how small a change this machine can show", &tlbstorm::cli::calibrate},
    {"model", "what a metric costs as a function of parameters", &tlbstorm::cli::model},
    {"baseline", "keep runs to compare with, small enough for git", &tlbstorm::cli::baseline},
    {"list", "list workloads, probes and metrics", &tlbstorm::cli::list},
    {"doctor", "look for what on this machine would spoil a measurement", &tlbstorm::cli::doctor},
    {"restore", "undo what a killed run left on the machine", &tlbstorm::cli::restore},
});

void print_help() {
  std::cout << "tlbstorm " TLBSTORM_VERSION
               ": what Linux memory reclaim costs in TLB shootdowns\n\n"
               "Usage: tlbstorm COMMAND [OPTIONS]      (tlbstorm COMMAND --help tells more)\n\n";
  for (const Subcommand& command : kSubcommands)
    std::cout << fmt::format("  {:<10}{}\n", command.name, command.help);
  std::cout << "\nTo begin with: tlbstorm run pageout\n";
}

int unknown(const std::string& name) {
  std::vector<std::string> names;
  for (const Subcommand& command : kSubcommands) names.emplace_back(command.name);
  const std::string near = tlbstorm::os::nearest(name, names);
  throw tlbstorm::os::UsageError(
      "tlbstorm", name, "no such command",
      near.empty() ? "see tlbstorm --help" : fmt::format("did you mean {}?", near));
}

}  // namespace

int main(int argc, char** argv) {
  return tlbstorm::cli::program([&] {
    const tlbstorm::os::PrintableOutput printable;
    tlbstorm::os::raise_open_files_limit();
    const Arguments words(argv + 1, argv + argc);
    if (words.empty() || words[0] == "--help" || words[0] == "-h" || words[0] == "help") {
      print_help();
      return words.empty() ? tlbstorm::cli::kUsage : tlbstorm::cli::kOk;
    }
    if (words[0] == "--version") {
      std::cout << "tlbstorm " TLBSTORM_VERSION "\n";
      return tlbstorm::cli::kOk;
    }
    for (const Subcommand& command : kSubcommands)
      if (words[0] == command.name) return command.run(Arguments(words.begin() + 1, words.end()));
    return unknown(words[0]);
  });
}

// SPDX-License-Identifier: Apache-2.0
// Runs the real tool as its user would, in a temporary folder of its own, and looks at what it left.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "tests/sanitized.hpp"
#include "tests/temporary_folder.hpp"

namespace tlbstorm::test {

/// A whole file; empty when there is none.
std::string text_of(const std::filesystem::path& path);

struct Finished {
  int code = 0;  ///< as a shell has it: 128 + signal
  std::string out;
  std::string err;
  /// False: a run of which no trial was valid. Other load may do that to any of them, so its code, 1, is 0
  /// here; what a test is about says whether that matters.
  bool evidence = true;
};

/// What is built: the tool, and its microbenchmarks.
enum class Program { tlbstorm, bench };

/// What tlbstorm has on the machine (cgroups, swap, zram devices with a size) beyond what there was at the
/// start, by other runs.
class Leftovers {
 public:
  Leftovers();
  /// Empty when it is clean.
  std::string found() const;

 private:
  std::set<std::string> before_;
};

/// A temporary folder that is removed at the end; journals of the tool go there, too.
class Workplace {
 public:
  Workplace();

  /// Runs it to its end.
  Finished run(const std::vector<std::string>& arguments, Program program = Program::tlbstorm) const;
  /// Runs a script of bash's, in which $tlbstorm and $bench are the programs.
  Finished shell(const std::string& script) const;
  /// Starts it and returns its pid; finish() waits for it.
  pid_t start(const std::vector<std::string>& arguments, Program program = Program::tlbstorm) const;
  Finished finish(pid_t pid) const;
  /// Any program, in the folder and with the environment of the others.
  pid_t start_words(const std::vector<std::string>& words) const;

  /// A new name for a run folder.
  std::string new_folder();
  const std::filesystem::path& path() const { return folder_.path(); }
  /// What came to the machine since this was made, and is still there.
  std::string leftovers() const { return leftovers_.found(); }

 private:
  TemporaryFolder folder_;
  Leftovers leftovers_;
  int folders_ = 0;
};

/// run.json of a run folder, with the trials of trials.jsonl: of each its last line.
nlohmann::json manifest(const std::string& folder);
/// As if each of its trials had passed its checks.
void call_all_valid(const std::filesystem::path& folder);
/// A metric's values in trials.csv, by trial.
std::vector<double> figures(const std::string& folder, const std::string& metric);
/// By how much a column of samples.csv grew in a run's first trial, from the first sample to the last that
/// has it. Nothing when there is no such column.
std::optional<double> growth(const std::string& folder, const std::string& column);
/// A trial's check of that name, its grade and what it found.
nlohmann::json check_of(const nlohmann::json& trial, const std::string& name);
/// Whether every trial was ok and passed its validity checks; if not, why.
std::string why_invalid(const std::string& folder);

/// The TLB row of /proc/interrupts, summed.
double tlb_row();
/// Tasks that are running right now beside us.
int others_running();
bool is_root();
/// Why the pages of a test can't all go to swap of its own; empty when they can.
std::string why_no_swap();
/// A guest whose instructions are translated (QEMU's TCG): its times say nothing, and it is slow.
bool is_emulated();
int online_cpus();
/// The processes below one, however deep.
std::vector<pid_t> descendants(pid_t pid);
bool is_alive(pid_t pid);

/// Polls until `done` or about ten seconds have passed.
template <typename Condition>
bool eventually(Condition done);

}  // namespace tlbstorm::test

#include <chrono>
#include <thread>

template <typename Condition>
bool tlbstorm::test::eventually(Condition done) {
  for (int i = 0; i < 500; ++i) {
    if (done()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds{20});
  }
  return done();
}

// SPDX-License-Identifier: Apache-2.0
#include "tests/system/tool.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <set>
#include <sstream>
#include <stdexcept>

#include "harness/machine/flush.hpp"
#include "harness/os/fd.hpp"
#include "harness/os/swaps.hpp"
#include "harness/os/text.hpp"
#include "harness/record/csv_reader.hpp"

namespace tlbstorm::test {
namespace {

namespace fs = std::filesystem;

void redirect(const fs::path& path, int fd) {
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
  ::dup2(file, fd);
}

/// Where it was built, or where a guest of the lab has it.
const char* path_of(Program program) {
  const bool tool = program == Program::tlbstorm;
  const char* const elsewhere = std::getenv(tool ? "TLBSTORM_BINARY" : "TLBSTORM_BENCH_BINARY");
  if (elsewhere != nullptr) return elsewhere;
  return tool ? TLBSTORM_BINARY : TLBSTORM_BENCH_BINARY;
}

std::set<std::string> ours_on_the_machine() {
  std::set<std::string> found;
  std::error_code error;
  fs::recursive_directory_iterator entry("/sys/fs/cgroup", fs::directory_options::skip_permission_denied,
                                         error),
      end;
  for (; entry != end && !error; entry.increment(error))
    if (entry->path().filename().native().starts_with("tlbstorm-"))
      found.insert("cgroup " + entry->path().native());
  std::istringstream swaps(text_of("/proc/swaps"));
  for (std::string line; std::getline(swaps, line);)
    if (line.find("tlbstorm") != std::string::npos || line.starts_with("/dev/zram"))
      found.insert("swap " + line);
  for (const fs::directory_entry& device : fs::directory_iterator("/sys/block"))
    if (device.path().filename().native().starts_with("zram") &&
        os::trim(text_of(device.path() / "disksize")) != "0")
      found.insert(device.path().filename().native() + " has a size");
  return found;
}

}  // namespace

std::string text_of(const fs::path& path) { return os::try_read_text(path).value_or(""); }

// A real file system: the usual temporary folder may be in memory.
Workplace::Workplace() : folder_("/var/tmp") {}

Leftovers::Leftovers() : before_(ours_on_the_machine()) {}

std::string Leftovers::found() const {
  std::string found;
  for (const std::string& one : ours_on_the_machine())
    if (!before_.contains(one)) found += one + "\n";
  return found;
}

pid_t Workplace::start(const std::vector<std::string>& arguments, Program program) const {
  std::vector<std::string> words{path_of(program)};
  words.insert(words.end(), arguments.begin(), arguments.end());
  return start_words(words);
}

Finished Workplace::shell(const std::string& script) const {
  return finish(start_words({"/bin/bash", "-c", script}));
}

pid_t Workplace::start_words(const std::vector<std::string>& given) const {
  std::vector<char*> words;
  for (const std::string& word : given) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  const pid_t pid = ::fork();
  if (pid != 0) return pid;
  if (::chdir(path().c_str()) != 0) ::_exit(126);
  ::setenv("TLBSTORM_STATE_DIR", (path() / "state").c_str(), 1);
  ::setenv("TLBSTORM_DATA_DIR", (path() / "data").c_str(), 1);
  redirect(path() / "out", STDOUT_FILENO);
  redirect(path() / "err", STDERR_FILENO);
  ::setenv("tlbstorm", path_of(Program::tlbstorm), 1);
  ::setenv("bench", path_of(Program::bench), 1);
  ::execv(words[0], words.data());
  ::_exit(127);
}

Finished Workplace::finish(pid_t pid) const {
  int status = 0;
  ::waitpid(pid, &status, 0);
  Finished done{WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status), text_of(path() / "out"),
                text_of(path() / "err")};
  done.evidence = done.code != 1 || done.err.find("tlbstorm: no trial is valid") == std::string::npos;
  if (!done.evidence) done.code = 0;
  return done;
}

Finished Workplace::run(const std::vector<std::string>& arguments, Program program) const {
  return finish(start(arguments, program));
}

std::string Workplace::new_folder() { return path() / ("run" + std::to_string(++folders_)); }

nlohmann::json manifest(const std::string& folder) {
  nlohmann::json run = nlohmann::json::parse(text_of(fs::path(folder) / "run.json"));
  std::istringstream lines(text_of(fs::path(folder) / "trials.jsonl"));
  run["trials"] = nlohmann::json::array();
  for (std::string line; std::getline(lines, line) && !lines.eof();) {
    const nlohmann::json trial = nlohmann::json::parse(line);
    if (!run["trials"].empty() && run["trials"].back()["trial"] == trial["trial"])
      run["trials"].erase(run["trials"].size() - 1);
    run["trials"].push_back(trial);
  }
  return run;
}

std::vector<double> figures(const std::string& folder, const std::string& metric) {
  record::CsvReader reader(fs::path(folder) / "trials.csv");
  const std::size_t name = reader.column("metric"), value = reader.column("value");
  std::vector<double> all;
  std::vector<std::string_view> row;
  while (reader.next(row))
    if (row[name] == metric) all.push_back(record::to_double(reader, row[value]));
  return all;
}

void call_all_valid(const fs::path& folder) {
  std::string text = text_of(folder / "trials.jsonl");
  for (const auto& [bad, good] : {std::pair{std::string("\"valid\":false"), "\"valid\":true"},
                                  {"\"grade\":\"unknown\"", "\"grade\":\"ok\""}})
    for (std::size_t at; (at = text.find(bad)) != std::string::npos;) text.replace(at, bad.size(), good);
  std::ofstream(folder / "trials.jsonl") << text;
}

std::optional<double> growth(const std::string& folder, const std::string& column) {
  record::CsvReader reader(fs::path(folder) / "samples.csv");
  const auto& names = reader.header();
  if (std::find(names.begin(), names.end(), column) == names.end()) return std::nullopt;
  const std::size_t trial = reader.column("trial"), wanted = reader.column(column);
  std::optional<double> first, last;
  std::vector<std::string_view> row;
  while (reader.next(row)) {
    if (row[trial] != "1" || row[wanted].empty()) continue;
    last = record::to_double(reader, row[wanted]);
    if (!first) first = last;
  }
  return first ? std::optional<double>(*last - *first) : std::nullopt;
}

nlohmann::json check_of(const nlohmann::json& trial, const std::string& name) {
  for (const auto& check : trial["checks"])
    if (check["id"] == name) return check;
  throw std::runtime_error("no check " + name);
}

std::string why_invalid(const std::string& folder) {
  std::string why;
  const nlohmann::json run = manifest(folder);
  for (const auto& trial : run["trials"])
    for (const auto& check : trial["checks"])
      if (check["grade"] == "failed")
        why += check["id"].get<std::string>() + ": " + check["found"].get<std::string>() + "\n";
  return why;
}

double tlb_row() {
  const std::string interrupts = text_of("/proc/interrupts");
  std::string_view text = interrupts;
  while (!text.empty()) {
    std::string_view line = os::take_line(text);
    if (os::take_field(line) != "TLB:") continue;
    double sum = 0;
    while (const auto number = os::to_number(os::take_field(line))) sum += static_cast<double>(*number);
    return sum;
  }
  throw std::runtime_error("no TLB row");
}

int others_running() {
  const std::string stat = text_of("/proc/stat");
  return static_cast<int>(os::to_number(os::find_value(stat, "procs_running").value_or("")).value_or(1)) - 1;
}

bool is_root() { return ::geteuid() == 0; }

std::string why_no_swap() {
  if (!is_root()) return "swap needs root";
  const std::vector<os::SwapArea> areas = os::parse_swaps(text_of("/proc/swaps"));
  return areas.empty() ? "" : "pages would go to swap that is on already, too: " + areas.front().path;
}

bool is_emulated() { return machine::read_cpuid().hypervisor.starts_with("TCGTCGTCGTCG"); }
int online_cpus() { return static_cast<int>(::sysconf(_SC_NPROCESSORS_ONLN)); }

std::vector<pid_t> descendants(pid_t pid) {
  std::set<pid_t> family{pid};
  for (bool grew = true; grew;) {
    grew = false;
    for (const fs::directory_entry& entry : fs::directory_iterator("/proc")) {
      const auto number = os::to_number(entry.path().filename().native());
      if (!number) continue;
      const std::string stat = text_of(entry.path() / "stat");
      const std::size_t close = stat.rfind(')');
      if (close == std::string::npos) continue;
      std::string_view rest = std::string_view(stat).substr(close + 1);
      os::take_field(rest);  // state
      const auto parent = os::to_number(os::take_field(rest));
      if (parent && family.contains(static_cast<pid_t>(*parent)))
        grew |= family.insert(static_cast<pid_t>(*number)).second;
    }
  }
  family.erase(pid);
  return {family.begin(), family.end()};
}

bool is_alive(pid_t pid) {
  const std::string stat = text_of("/proc/" + std::to_string(pid) + "/stat");
  return !stat.empty() && stat.find(") Z") == std::string::npos;
}

}  // namespace tlbstorm::test

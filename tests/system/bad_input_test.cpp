// SPDX-License-Identifier: Apache-2.0
// Every option that a --help tells of, given what it can't mean: exit code 2, one line that names option and
// value, a hint, and nothing touched. The lines are made from the help, so that a new option is tested, too.
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <regex>
#include <sstream>

#include "harness/os/error.hpp"
#include "harness/os/text.hpp"
#include "harness/os/units.hpp"
#include "tests/judge/made_run.hpp"
#include "tests/system/tool.hpp"

namespace tlbstorm::test {
namespace {

namespace fs = std::filesystem;
using Words = std::vector<std::string>;

/// An option, as its help has it. A name without dashes is a place on the command line.
struct Option {
  std::string name;
  bool is_switch = false;
  bool repeats = false;
};

std::vector<Option> options_in(const std::string& help) {
  static const std::regex line(R"(^  (?:-\w,)?(--[a-z][a-z_-]+)(?: ([A-Z]+)(?:=\S+)?)?( \.\.\.)?.*)");
  static const std::regex bracketed(R"(\[(--[a-z][a-z_-]*)([ =][^\]]+)?\])");
  static const std::regex place(R"(^  ([A-Z]+) [A-Z]+.*)");
  std::vector<Option> found;
  std::istringstream lines(help);
  for (std::string text; std::getline(lines, text);) {
    std::smatch match;
    if (std::regex_match(text, match, line))
      found.push_back({match[1], match[2].length() == 0, match[3].length() > 0});
    else if (std::regex_match(text, match, place))
      found.push_back({match[1], false, true});
    for (std::sregex_iterator at(text.begin(), text.end(), bracketed), end; at != end; ++at)
      found.push_back({(*at)[1], (*at)[2].length() == 0 || (*at)[2] == "={true|false}", false});
  }
  std::erase_if(found, [](const Option& option) { return option.name == "--help"; });
  return found;
}

/// What no option can mean, unless it is listed below.
const Words kBadValues{"",
                       "-1",
                       "-0",
                       "+5",
                       "nan",
                       "inf",
                       "1e308",
                       "16E",
                       "9223372036854775808",
                       "99999999999999999999999",
                       "0x10",
                       " 5",
                       "5 ",
                       "1,,2",
                       "\xc3\xa9\xc3\xa9",
                       "{}",
                       "a b",
                       "fifo",
                       "loop",
                       "/dev/zero",
                       std::string(5000, 'x')};

/// Values that are right for an option all the same, and why.
struct Exception {
  std::string option;
  std::string values;  ///< a regular expression
  std::string why;
};
const std::vector<Exception> kRightAllTheSame{
    {"--label", "-1|-0|nan|inf|1e308|16E|9223372036854775808|99999999999999999999999|0x10|fifo|loop",
     "any plain word is a label"},
    {"--seed", "9223372036854775808", "any 64-bit number is a seed"},
    {"--output", "[^/]{1,100}", "any name is one of a folder that can be made"},
    {"--folder", "[^/]{1,100}", "any name is one of a folder that can be made"},
    {"--floors", "[^/]{1,100}", "any name is one of a folder that can be made"},
    {"--file", "[^/]{1,100}", "any name is one of a file that can be made"},
    {"--report", "", ""},
    {"--base", "nan|inf|1e308|16E|9223372036854775808|99999999999999999999999|0x10|\\+5|1,,2|[^-].*",
     "what does not begin with a dash is a command of the shell"},
    {"--new", "[^-].*", "what does not begin with a dash is a command of the shell"},
    {"--name", "[^/]{1,200}", "any word is a baseline's name"},
    {"--benchmark_filter", ".*", "a pattern that some names match, or that leaves some out"},
    {"--benchmark_out", "[^/]{1,100}|/dev/zero", "any name is one of a file that can be made"},
};
/// Names of folders that are there, but for FIFO and loop, which stand in the way.
bool is_right_all_the_same(const Option& option, const std::string& value) {
  const bool path = option.name == "--output" || option.name == "--folder" || option.name == "--floors" ||
                    option.name == "--file" || option.name == "--benchmark_out";
  if (path && (value == "fifo" || value == "loop")) return false;
  return std::any_of(kRightAllTheSame.begin(), kRightAllTheSame.end(), [&](const Exception& one) {
    return one.option == option.name && !value.empty() && std::regex_match(value, std::regex(one.values));
  });
}

/// A command line that is good, and the help of its command. What is tested of it takes the place of the word
/// that it has for that option.
struct Line {
  const char* name;
  Words good;
  Words help;
  std::string last = "";  ///< completes the good line, and gives way where a place is tested
  int code_of_place = 2;  ///< of what is named there and is not
  Program program = Program::tlbstorm;
};
std::ostream& operator<<(std::ostream& out, const Line& line) { return out << line.name; }

class BadInput : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(::mkfifo((place_.path() / "fifo").c_str(), 0600), 0);
    fs::create_symlink("loop", place_.path() / "loop");
    for (int workers = 1; workers <= 4; ++workers) {
      MadeRun run = run_of_ipis(around(workers));
      run.manifest["plan"]["workers"] = workers;
      run.write_to(place_.path() / fmt::format("w{}", workers));
    }
    for (const char* const folder : {"base", "again", "kept/machine/name"})
      run_of_ipis(around(1)).write_to(place_.path() / folder);
    before_ = machine();
  }

  void try_all(const Line& line) {
    std::vector<Option> options = options_in(place_.run(line.help, line.program).out);
    if (line.good[0] == "run" && line.good[1] != "pageout") {  // with which those of every run are tried
      const std::vector<Option> common = options_in(place_.run({"run", "pageout", "--help"}).out);
      std::erase_if(options, [&](const Option& option) {
        return std::any_of(common.begin(), common.end(),
                           [&](const Option& one) { return one.name == option.name; });
      });
    }
    for (const Option& option : options) try_option(line, option);
    const bool places = std::any_of(options.begin(), options.end(),
                                    [](const Option& option) { return !option.name.starts_with("--"); });
    if (!places) expect_refused(line, {}, {"stray"}, "stray");
    expect_refused(line, {}, {"--nosuch=1"}, "--nosuch");
  }

  void try_option(const Line& line, const Option& option) {
    if (option.is_switch) {
      for (const char* const value : {"", "maybe", "1", "-1", "nan", "99999999999999999999"})
        expect_refused(line, option, {option.name + "=" + value}, value);
      return;
    }
    const bool place = !option.name.starts_with("--");
    for (const std::string& value : kBadValues)
      expect_refused(line, option, {place ? value : option.name + "=" + value}, value);
    if (place) return;
    if (option.name == "--wait") return;  // right without a value, and with one it is a time
    expect_refused(line, option, {option.name}, "");
    expect_refused(line, option, {option.name + "q=1"}, "", option.name + "q");
    if (!option.repeats) expect_refused(line, option, {option.name + "=1", option.name + "=2"}, "1");
  }

  void expect_refused(const Line& line, const Option& option, const Words& words, const std::string& value,
                      const std::string& name = "") {
    Words all = line.good;
    const bool place = !option.name.empty() && !option.name.starts_with("--");
    if (!place && !line.last.empty()) all.push_back(line.last);
    const std::string same = words[0].substr(0, words[0].find('=')) + "=";
    std::erase_if(all, [&](const std::string& word) { return word.starts_with(same); });
    all.insert(all.end(), words.begin(), words.end());
    const Finished done = place_.run(all, line.program);
    ++tried_;
    const std::string shown = fmt::format("{}", fmt::join(all, " ")).substr(0, 300);
    if (done.code == 0 && is_right_all_the_same(option, value)) {
      before_ = machine();
      return;
    }
    EXPECT_EQ(done.code, place ? code_for(value, line.code_of_place) : 2) << shown << "\n" << done.err;
    expect_message(done.err, name.empty() ? option.name : name,
                   words.size() == 1 && words[0] == option.name ? "" : value, shown);
    EXPECT_EQ(machine(), before_) << shown;
  }

  static void expect_message(const std::string& text, const std::string& option, const std::string& value,
                             const std::string& line) {
    const std::size_t end = text.find('\n');
    const std::string first = text.substr(0, end),
                      second = end == std::string::npos ? "" : text.substr(end + 1);
    EXPECT_TRUE(first.starts_with("tlbstorm: ")) << line << "\n" << text;
    EXPECT_NE(first.find(option), std::string::npos) << line << "\n" << text;
    EXPECT_TRUE(names(first, value)) << line << "\n" << text;
    EXPECT_TRUE(second.starts_with("  hint: ") && second.find('\n') + 1 == second.size()) << line << "\n"
                                                                                          << text;
  }

  /// Of a place: what is not there may not have been made yet; what stands in its way is a bad argument.
  int code_for(const std::string& value, int code_of_place) const {
    std::error_code error;
    const fs::file_type type = fs::symlink_status(place_.path() / value, error).type();
    return !value.empty() && type == fs::file_type::not_found ? code_of_place : 2;
  }

  /// As it was written, or as a size is printed.
  static bool names(const std::string& text, const std::string& value) {
    if (text.find(os::trim(value.substr(0, 20))) != std::string::npos) return true;
    try {
      return text.find(os::format_size(os::parse_size("", value, {}))) != std::string::npos;
    } catch (const os::UsageError&) {
      return false;
    }
  }

  /// What a command might have touched, as text.
  std::string machine() const {
    std::string text = text_of("/proc/swaps") + place_.leftovers();
    for (const auto& device : fs::directory_iterator("/sys/block"))
      text += device.path().filename().native() + "\n";
    for (const auto& entry : fs::recursive_directory_iterator(place_.path()))
      if (entry.path().filename() != "out" && entry.path().filename() != "err")
        text += entry.path().native() + "\n";
    return text;
  }

  Workplace place_;
  std::string before_;
  int tried_ = 0;
};

class BadInputOf : public BadInput, public ::testing::WithParamInterface<Line> {};

TEST_P(BadInputOf, IsRefusedWithOptionValueAndRemedy) {
  if (GetParam().program == Program::bench && std::string(TLBSTORM_BENCH_BINARY).empty())
    GTEST_SKIP() << "built without the microbenchmarks";
  Words words = GetParam().good;
  if (!GetParam().last.empty()) words.push_back(GetParam().last);
  const Finished good = place_.run(words, GetParam().program);
  if (good.code == 2) GTEST_SKIP() << "not on this machine: " << good.err;
  ASSERT_TRUE(good.code == 0 || words[0] == "doctor") << good.err;  // whose checks may fail
  before_ = machine();
  try_all(GetParam());
  RecordProperty("lines", tried_);
}

INSTANTIATE_TEST_SUITE_P(
    Commands, BadInputOf,
    ::testing::Values(
        Line{"Pageout", {"run", "pageout", "--dry-run"}, {"run", "pageout", "--help"}},
        Line{"FileCache", {"run", "file-cache", "--sparse", "--dry-run"}, {"run", "file-cache", "--help"}},
        Line{"DirtyReclaim",
             {"run", "dirty-reclaim", "--swap=zram:1G", "--dry-run"},
             {"run", "dirty-reclaim", "--help"}},
        Line{"SwapChurn",
             {"run", "swap-churn", "--swap=zram:512M", "--dry-run"},
             {"run", "swap-churn", "--help"}},
        Line{"CompressedCache",
             {"run", "compressed-cache", "--swap=zram:1G", "--dry-run"},
             {"run", "compressed-cache", "--help"}},
        Line{"MprotectStorm", {"run", "mprotect-storm", "--dry-run"}, {"run", "mprotect-storm", "--help"}},
        Line{"UnmapChurn", {"run", "unmap-churn", "--dry-run"}, {"run", "unmap-churn", "--help"}},
        Line{"UseMem", {"run", "usemem", "--dry-run"}, {"run", "usemem", "--help"}},
        Line{"Suite", {"suite", "quick", "--dry-run"}, {"suite", "--help"}},
        Line{"Ab", {"ab", "pageout", "--new=--workers=1", "--dry-run"}, {"ab", "--help"}},
        Line{"Calibrate", {"calibrate", "pageout", "--dry-run"}, {"calibrate", "--help"}},
        Line{"Report", {"report"}, {"report", "--help"}, "w1"},
        Line{"Compare", {"compare", "base"}, {"compare", "--help"}, "again"},
        Line{"Gate", {"gate", "base", "--rule=ipis_per_page <= +50%"}, {"gate", "--help"}, "again", 125},
        Line{"Model",
             {"model", "w1", "w2", "w3", "--of=ipis_per_page", "--by=workers"},
             {"model", "--help"},
             "w4"},
        Line{"BaselineAdd", {"baseline", "add"}, {"baseline", "add", "--help"}, "w1"},
        Line{"BaselineShow", {"baseline", "show", "--folder=kept"}, {"baseline", "show", "--help"}, "name"},
        Line{"BaselineList", {"baseline", "list", "--folder=kept"}, {"baseline", "--help"}},
        Line{"List", {"list"}, {"list", "--help"}}, Line{"Doctor", {"doctor"}, {"doctor", "--help"}},
        Line{"Restore", {"restore"}, {"restore", "--help"}},
        Line{"Bench", {"--benchmark_list_tests"}, {"--help"}, "", 2, Program::bench}),
    [](const auto& tested) { return std::string(tested.param.name); });

}  // namespace
}  // namespace tlbstorm::test

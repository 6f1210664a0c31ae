// SPDX-License-Identifier: Apache-2.0
// What the subcommands share: their signature, and the one place where errors become messages and exit codes.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "harness/os/exit_code.hpp"
#include "harness/trial/option.hpp"

namespace CLI {
class App;
}

namespace tlbstorm::cli {

using os::kFailed;
using os::kNotMade;
using os::kOk;
using os::kSignal;
using os::kUnsure;
using os::kUsage;

/// What an option takes that may have many words after it, as in `--base A B C`.
inline constexpr int kMostWords = 1000;

using Arguments = trial::Words;

int run(const Arguments& arguments);
int suite(const Arguments& arguments);
int list(const Arguments& arguments);
int report(const Arguments& arguments);
int compare(const Arguments& arguments);
int gate(const Arguments& arguments);
int ab(const Arguments& arguments);
int calibrate(const Arguments& arguments);
int model(const Arguments& arguments);
int baseline(const Arguments& arguments);
int restore(const Arguments& arguments);
int doctor(const Arguments& arguments);

/// Parses the arguments of a subcommand; prints its help and throws CLI::CallForHelp when that was asked for.
void parse(CLI::App& app, const Arguments& arguments);

/// Says what went wrong, and in a second line what can be done about it, if anything.
void complain(const std::string& what, const std::string& hint);

/// Runs a subcommand's body; prints what it throws as two lines, the error and the remedy.
int guarded(const std::function<int()>& body);

/// `code`, once the result is out; if it could not be written that is said, and kOk becomes kFailed.
int written(int code);

/// The whole of a program: its streams, the body, guarded, and its result.
int program(const std::function<int()>& body);

}  // namespace tlbstorm::cli

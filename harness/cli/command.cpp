// SPDX-License-Identifier: Apache-2.0
#include "harness/cli/command.hpp"

#include <CLI/CLI.hpp>
#include <iostream>

#include "harness/cli/console.hpp"
#include "harness/cli/lock_options.hpp"
#include "harness/os/error.hpp"
#include "harness/os/printable.hpp"
#include "harness/os/text.hpp"

namespace tlbstorm::cli {

void complain(const std::string& what, const std::string& hint) {
  std::cout.flush();
  say("tlbstorm: {}\n", os::printable_line(os::trim(what)));
  if (!hint.empty()) say("  hint: {}\n", os::printable_line(os::trim(hint)));
}

int guarded(const std::function<int()>& body) {
  try {
    return body();
  } catch (const CLI::CallForHelp& help) {
    return kOk;
  } catch (const CLI::ParseError& error) {
    complain(error.what(), "see --help");
    return kUsage;
  } catch (const os::UsageError& error) {
    complain(error.what(), error.hint());
    return kUsage;
  } catch (const os::Error& error) {
    complain(error.what(), error.hint());
  } catch (const std::exception& error) {
    complain(error.what(), "");
  }
  return kFailed;
}

int written(int code) {
  const std::optional<std::string> why = why_not_written();
  if (!why) return code;
  if (!why->empty())
    complain("could not write the result: " + *why,
             "make room where standard output goes, or send it elsewhere");
  return code == kOk ? kFailed : code;
}

int program(const std::function<int()>& body) {
  take_standard_streams();
  return written(guarded(body));
}

}  // namespace tlbstorm::cli

// SPDX-License-Identifier: Apache-2.0
#include "harness/cli/lock_options.hpp"

#include <CLI/CLI.hpp>

#include "harness/trial/options.hpp"

namespace tlbstorm::cli {

void add_lock_options(CLI::App& app, LockOptions& options, const std::string& group) {
  app.add_option_function<std::string>(
         "--wait", [&options](const std::string& text) { options.wait = campaign::patience(text); },
         trial::run_option("wait").help)
      ->type_name("TIME")
      ->group(group);
  app.add_flag("--ignore-lock", options.ignore, trial::run_option("ignore-lock").help)->group(group);
}

LockOptions take_lock_options(Arguments& arguments) {
  LockOptions options;
  CLI::App app;
  app.set_help_flag();
  app.allow_extras();
  add_lock_options(app, options);
  parse(app, arguments);
  arguments = app.remaining();
  return options;
}

}  // namespace tlbstorm::cli

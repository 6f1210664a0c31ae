// SPDX-License-Identifier: Apache-2.0
#include "harness/cli/lock_options.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "harness/cli/console.hpp"
#include "harness/os/error.hpp"
#include "harness/os/units.hpp"

namespace tlbstorm::cli {
namespace {

std::string text_of(os::HostLock::Reach reach) {
  switch (reach) {
    case os::HostLock::Reach::machine:
      return "machine";
    case os::HostLock::Reach::user:
      return "user";
    case os::HostLock::Reach::inherited:
      return "inherited";
    case os::HostLock::Reach::nobody:
      break;
  }
  return "nobody";
}

}  // namespace

void add_lock_options(CLI::App& app, LockOptions& options, const std::string& group) {
  app.add_option_function<std::string>(
         "--wait",
         [&options](const std::string& text) {
           options.wait = text == kForever ? os::Nanoseconds::max() : os::parse_duration("--wait", text);
         },
         "if another run measures this machine, wait for it: as long as it takes, or --wait=10m")
      ->type_name("TIME")
      ->group(group);
  app.add_flag("--ignore-lock", options.ignore,
               "measure beside another run; no verdict on such figures is sure")
      ->group(group);
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

MachineLock::MachineLock(const LockOptions& options) {
  if (options.ignore) {
    text_ = "ignored";
    return;
  }
  lock_ = os::HostLock::take(options.wait.value_or(os::Nanoseconds{0}), [](const os::LockHolder& holder) {
    say("tlbstorm: waiting for {}\n", holder.text());
  });
  text_ = text_of(lock_->reach());
}

std::string MachineLock::note() const {
  if (text_ == "ignored")
    return "other runs were not kept away (--ignore-lock): no verdict on these figures is sure";
  if (text_ == "user")
    return "runs of other users were not kept away: root never made the lock of this machine";
  if (text_ == "nobody") return "other runs were not kept away: there was no place for a lock";
  return "";
}

}  // namespace tlbstorm::cli

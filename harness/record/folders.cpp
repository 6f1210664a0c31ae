// SPDX-License-Identifier: Apache-2.0
#include "harness/record/folders.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <unistd.h>

#include <ctime>

#include "harness/os/error.hpp"
#include "harness/os/named_path.hpp"

namespace tlbstorm::record {

namespace fs = std::filesystem;

fs::path default_folder(const std::string& workload, const std::string& label) {
  const std::time_t now = std::time(nullptr);
  std::string base = fmt::format("results/{:%Y-%m-%d-%H%M%S}-{}", fmt::localtime(now), workload);
  if (!label.empty()) base += "-" + label;
  fs::path folder = base;
  for (int n = 2; fs::exists(folder); ++n) folder = fmt::format("{}-{}", base, n);
  return folder;
}

namespace {

/// An error about a folder as one about --output.
template <typename Do>
auto naming_output(const fs::path& folder, Do something) {
  try {
    return something();
  } catch (const os::UsageError&) {
    throw;
  } catch (const os::SystemError& error) {
    throw os::UsageError("--output", folder.native(), os::errno_text(error.code()),
                         error.hint().empty() ? "name a folder of your own" : error.hint());
  } catch (const os::Error& error) {
    throw os::UsageError(fmt::format("--output {}", error.what()), error.hint());
  }
}

}  // namespace

os::Folder make_folder(const fs::path& path) {
  return naming_output(path, [&] {
    os::Folder folder = os::Folder::make(path);
    if (!folder.is_empty())
      throw os::UsageError("--output", path.native(), "there is something in it",
                           "name a new or an empty folder; runs are never overwritten");
    return folder;
  });
}

void check_folder(const fs::path& folder) {
  const fs::path existing = os::nearest_folder("--output", folder);
  if (::access(existing.c_str(), W_OK | X_OK) != 0)
    throw os::UsageError("--output", folder.native(), "can't write in " + existing.native(),
                         "name a folder that you can write, with --output");
  naming_output(folder, [&] { os::Folder::check(folder); });
  if (existing != fs::absolute(folder)) return;
  std::error_code error;
  const bool empty = fs::is_empty(folder, error);
  if (error) throw os::UsageError("--output", folder.native(), error.message(), "name a folder of yours");
  if (!empty)
    throw os::UsageError("--output", folder.native(), "there is something in it",
                         "name a new or an empty folder; runs are never overwritten");
}

bool may_be_there(const std::filesystem::path& file) {
  std::error_code error;
  return std::filesystem::exists(file, error) || error;
}

bool has_text(const std::filesystem::path& file) {
  std::error_code error;
  return may_be_there(file) &&
         !(std::filesystem::is_regular_file(file, error) && std::filesystem::file_size(file, error) == 0);
}

}  // namespace tlbstorm::record

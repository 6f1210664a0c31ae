// SPDX-License-Identifier: Apache-2.0
#include "harness/trial/settings.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>

#include "harness/machine/facts.hpp"
#include "harness/os/error.hpp"
#include "harness/os/fd.hpp"
#include "harness/os/setting.hpp"
#include "harness/os/text.hpp"
#include "harness/os/units.hpp"

namespace tlbstorm::trial {
namespace {

namespace fs = std::filesystem;
using os::UsageError;

constexpr std::string_view kSysctls = "/proc/sys/";

std::vector<std::string_view> fields_of(std::string_view text) {
  std::vector<std::string_view> fields;
  text = os::trim(text);
  while (!text.empty()) fields.push_back(os::take_field(text));
  return fields;
}

/// Decimal: the kernel reads 010 as 8 and 0x10 as 16 (kernel/sysctl.c: proc_get_long).
bool is_number(std::string_view field) {
  const std::string_view digits = field.starts_with('-') ? field.substr(1) : field;
  return os::to_number(digits) && (digits == "0" || !digits.starts_with('0'));
}

bool all_numbers(const std::vector<std::string_view>& fields) {
  return std::all_of(fields.begin(), fields.end(), is_number);
}

/// `text` is "vm.swappiness=100", for messages.
void check_value(const std::string& text, std::string_view value, std::string_view present) {
  const auto is = fields_of(present), wanted = fields_of(value);
  const std::string remedy = fmt::format("it is now: {}", os::trim(present));
  if (wanted.empty()) throw UsageError("--sysctl", text, "there is no value in it", remedy);
  if (is.empty() || !all_numbers(is)) return;
  if (!all_numbers(wanted)) throw UsageError("--sysctl", text, "not a decimal number", remedy);
  if (wanted.size() != is.size())
    throw UsageError("--sysctl", text, fmt::format("{} numbers where {} are", wanted.size(), is.size()),
                     remedy);
}

Setting parse_sysctl(const std::string& text, const fs::path& root) {
  const std::size_t equals = text.find('=');
  if (equals == std::string::npos || equals == 0)
    throw UsageError("--sysctl", text, "not KEY=VALUE", "write it as vm.swappiness=100");
  std::string name = text.substr(0, equals);
  std::replace(name.begin(), name.end(), '.', '/');
  const fs::path path = root / name;
  std::error_code error;
  if (name.starts_with('/') || name.find("//") != std::string::npos || !fs::is_regular_file(path, error))
    throw UsageError("--sysctl", text, "this kernel has no such sysctl", "see: sysctl -a");
  if (::access(path.c_str(), W_OK) != 0)
    throw UsageError("--sysctl", text, "it can't be set: " + os::errno_text(errno),
                     ::geteuid() == 0 ? "leave it out" : "run as root");
  const auto present = os::try_read_text(path);
  if (!present)
    throw UsageError("--sysctl", text, "it can't be read, so it could not be put back", "leave it out");
  check_value(text, text.substr(equals + 1), *present);
  return {path, text.substr(equals + 1)};
}

/// As the user wrote it.
std::string text_of(const Setting& setting) {
  const std::string name = name_of(setting.first);
  return fmt::format("{}{}{}", name, name.starts_with('/') ? " = " : "=", setting.second);
}

}  // namespace

std::string name_of(const fs::path& file) {
  std::string name = file.native();
  if (!name.starts_with(kSysctls)) return name;
  name.erase(0, kSysctls.size());
  std::replace(name.begin(), name.end(), '/', '.');
  return name;
}

std::vector<Setting> parse_sysctls(std::string_view text, const fs::path& root) {
  std::vector<Setting> settings;
  for (const std::string& one : os::split_list("--sysctl", text)) {
    Setting setting = parse_sysctl(one, root);
    if (std::any_of(settings.begin(), settings.end(),
                    [&](const Setting& known) { return known.first == setting.first; }))
      throw UsageError("--sysctl", text, "it is set twice", "give each sysctl one value");
    settings.push_back(std::move(setting));
  }
  return settings;
}

void set_for_the_run(os::Journal& journal, const Setting& setting) {
  try {
    os::set_kernel_file(journal, setting.first, setting.second);
  } catch (const os::SystemError& error) {
    if (error.code() != EINVAL && error.code() != ERANGE) throw;
    throw UsageError("--sysctl", text_of(setting), "the kernel does not take this value",
                     fmt::format("it is now: {}", os::trim(os::try_read_text(setting.first).value_or("?"))));
  }
  const std::string now = machine::chosen(os::read_text(setting.first));
  if (fields_of(now) != fields_of(setting.second))
    throw os::Error(fmt::format("{}: the kernel made {} of it", text_of(setting), now),
                    "give a value that it keeps");
}

}  // namespace tlbstorm::trial

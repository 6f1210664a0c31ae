// SPDX-License-Identifier: Apache-2.0
#include "harness/machine/kernel_config.hpp"

#include <sys/utsname.h>
#include <zlib.h>

#include <array>
#include <filesystem>
#include <memory>

namespace tlbstorm::machine {
namespace {

namespace fs = std::filesystem;

/// zlib reads plain files as they are.
std::string read_unpacked(const fs::path& path) {
  const std::unique_ptr<gzFile_s, int (*)(gzFile)> file(::gzopen(path.c_str(), "rb"), &::gzclose);
  std::string text;
  std::array<char, 65536> part{};
  for (int got = 0; file && (got = ::gzread(file.get(), part.data(), part.size())) > 0;)
    text.append(part.data(), static_cast<std::size_t>(got));
  return text;
}

}  // namespace

std::string kernel_config(const std::string& release) {
  for (const fs::path& path : {fs::path("/proc/config.gz"), fs::path("/boot/config-" + release)})
    if (std::string text = read_unpacked(path); !text.empty()) return text;
  return "";
}

std::string kernel_config() {
  utsname name{};
  ::uname(&name);
  return kernel_config(name.release);
}

}  // namespace tlbstorm::machine

// SPDX-License-Identifier: Apache-2.0
// How a fuzz target gets its input to a reader that wants a path: as a file in memory, or as a folder. And
// what a reader may do about it: refuse it with an os::Error of one line, and nothing else.
#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include "harness/os/error.hpp"
#include "harness/os/fd.hpp"
#include "harness/os/text.hpp"
#include "tests/temporary_folder.hpp"

namespace tlbstorm::fuzz {

inline std::string_view text_of(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

/// Anything else that is thrown ends the target, which libFuzzer takes for a crash.
template <typename Body>
void may_refuse(Body body) {
  try {
    body();
  } catch (const os::Error& error) {
    const std::string_view what = error.what();
    if (what.empty() || what.find('\n') != std::string_view::npos) std::abort();
  }
}

/// One file in memory, which holds the latest input.
inline std::filesystem::path memory_file(std::string_view text) {
  static const os::Fd fd(::memfd_create("fuzz", 0));
  const std::filesystem::path path = "/proc/self/fd/" + std::to_string(fd.get());
  if (::ftruncate(fd.get(), 0) != 0 || ::lseek(fd.get(), 0, SEEK_SET) != 0) std::abort();
  os::write_all(fd, text, path);
  return path;
}

/// A folder of the files that the input holds, each after a line "--- NAME". Names that are not among `known`
/// are left out.
template <typename Names>
std::filesystem::path folder(std::string_view text, const Names& known) {
  static const test::TemporaryFolder folder;
  for (const std::string_view name : known) std::filesystem::remove(folder.path() / name);
  std::ofstream file;
  while (!text.empty()) {
    const bool ends = text.find('\n') != std::string_view::npos;
    const std::string_view line = os::take_line(text);
    if (line.starts_with("--- ")) {
      file.close();
      for (const std::string_view name : known)
        if (name == line.substr(4)) {
          std::filesystem::create_directories((folder.path() / name).parent_path());
          file.open(folder.path() / name, std::ios::binary);
        }
    } else if (file.is_open()) {
      file << line;
      if (ends) file << '\n';
    }
  }
  return folder.path();
}

}  // namespace tlbstorm::fuzz

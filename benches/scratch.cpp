// SPDX-License-Identifier: Apache-2.0
#include "benches/scratch.hpp"

#include <cerrno>
#include <cstdlib>
#include <string>
#include <system_error>

#include "harness/os/error.hpp"

namespace tlbstorm::benches {

Scratch::Scratch() {
  std::string name = (std::filesystem::temp_directory_path() / "tlbstorm-bench-XXXXXX").native();
  if (::mkdtemp(name.data()) == nullptr) throw os::SystemError("make the folder", name, errno, "set TMPDIR");
  path_ = name;
}

Scratch::~Scratch() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace tlbstorm::benches

// SPDX-License-Identifier: Apache-2.0
#include "benches/scratch.hpp"

#include <sys/stat.h>

#include <cerrno>

#include "harness/os/error.hpp"
#include "harness/os/identity.hpp"
#include "harness/os/swap_header.hpp"

namespace tlbstorm::benches {

Scratch::Scratch()
    : path_(std::filesystem::temp_directory_path() / ("tlbstorm-bench-" + os::new_uuid().substr(0, 8))) {
  journal_.make({os::Change::Kind::folder, path_}, [this] {
    if (::mkdir(path_.c_str(), 0700) != 0)
      throw os::SystemError("make the folder", path_.native(), errno, "set TMPDIR");
    return os::identity_at(AT_FDCWD, path_);
  });
}

}  // namespace tlbstorm::benches

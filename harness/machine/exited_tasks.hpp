// SPDX-License-Identifier: Apache-2.0
// Tasks that end, as the kernel tells of each: a walk of /proc can't find any more what ran and is gone.
// Linux: Documentation/accounting/taskstats.rst, the exit listener.
#pragma once

#include <memory>
#include <vector>

#include "harness/machine/tasks.hpp"

struct nl_sock;

namespace tlbstorm::machine {

class ExitedTasks {
 public:
  /// Listens from now on. Where that is not allowed (it is for root, and CONFIG_TASKSTATS) none is ever told.
  ExitedTasks();

  /// Those that have ended since, with all that they ever used, mostly by the clock's ticks; where they ran
  /// is not known. Of very many at once some are lost.
  std::vector<TaskUse> take();

 private:
  struct Close {
    void operator()(nl_sock* socket) const;
  };
  std::unique_ptr<nl_sock, Close> socket_;  ///< none where it is not allowed
};

}  // namespace tlbstorm::machine

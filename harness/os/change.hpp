// SPDX-License-Identifier: Apache-2.0
// One change to the machine, what proves that a thing is still the one that was changed, and how the change
// is taken back. Plain data: os/journal.hpp writes it down.
#pragma once

#include <string>

namespace tlbstorm::os {

/// All of it is text, so that any later version can read it.
struct Change {
  enum class Kind {
    file,         ///< target: a file that we made; before: the identity of its folder, or nothing; undone by
                  ///< unlink
    folder,       ///< target: a folder that we made; undone by removing it with all that is in it
    swap,         ///< target: an area that we swapped on; undone by swapoff
    cgroup,       ///< target: a cgroup that we made; undone by killing what is in it and rmdir
    controller,   ///< target: a cgroup.subtree_control that we added a controller to; before: "-memory"
    value,        ///< target: a kernel file (sysctl, sysfs) that held `before`; undone by writing that back
    zram_add,     ///< before: the zram devices that there were; a device may have been added to them, and
                  ///< bears a swap header with the UUID `target` if it had come so far
    zram,         ///< target: a zram device that we added; before: the UUID of its swap header
    swap_header,  ///< target: a device that got our swap header; before: that header's UUID; undone by
                  ///< zeroing its first and last MiB if it still bears it
  };
  Kind kind;
  std::string target;
  std::string before = {};
  /// Of a file, a folder, a cgroup or a device its identity (os/identity.hpp); of a value what the file held
  /// once we had written to it. Empty while the change is being made.
  std::string proof = {};
  /// Of a value: a file that the kernel sets to 0 when the target is written, as the target when this is; and
  /// what it held. Linux: mm/page-writeback.c: dirty_bytes_handler(), mm/util.c: overcommit_kbytes_handler().
  std::string partner = {}, partner_before = {};

  /// "swap on /dev/zram1", for messages.
  std::string text() const;
  /// What is on a disk outlives a boot; the kernel's own things don't.
  bool outlives_a_boot() const;
};

/// How an attempt to take a change back ended. One that may do better later is an exception instead.
struct Undone {
  enum class End {
    undone,    ///< it was in force and no longer is
    nothing,   ///< it was back already
    not_ours,  ///< someone else has changed it since, or has something of that name: it was left alone
    given_up,  ///< it can't be undone any more
  };
  End end = End::undone;
  std::string why = {};  ///< of the last two
};

/// Takes one change back; harmless when it is back already. `same_boot`: it was made since the machine
/// booted. Throws Error, whose hint is the remedy, when it could not be done now.
Undone undo(const Change& change, bool same_boot = true);

}  // namespace tlbstorm::os

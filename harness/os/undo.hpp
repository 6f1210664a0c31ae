// SPDX-License-Identifier: Apache-2.0
// How each kind of change is taken back. For os/change.hpp alone.
#pragma once

#include "harness/os/change.hpp"

namespace tlbstorm::os::undoing {

inline Undone undone() { return {}; }
inline Undone nothing() { return {Undone::End::nothing}; }
inline Undone not_ours(std::string why) { return {Undone::End::not_ours, std::move(why)}; }
inline Undone given_up(std::string why) { return {Undone::End::given_up, std::move(why)}; }

// harness/os/undo_files.cpp
Undone file(const Change& change, bool same_boot);
Undone folder(const Change& change, bool same_boot);
Undone cgroup(const Change& change);
// harness/os/undo_values.cpp
Undone controller(const Change& change);
Undone value(const Change& change);
// harness/os/undo_swap.cpp
Undone swap(const Change& change);
Undone zram_add(const Change& change);
Undone zram(const Change& change);
Undone swap_header(const Change& change);

}  // namespace tlbstorm::os::undoing

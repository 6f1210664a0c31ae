// SPDX-License-Identifier: Apache-2.0
// How the tool says by its end what came of a command.
#pragma once

namespace tlbstorm::os {

inline constexpr int kOk = 0;
inline constexpr int kFailed = 1;
inline constexpr int kUsage = 2;
inline constexpr int kUnsure = 3;     ///< a gate without enough evidence
inline constexpr int kNotMade = 125;  ///< what a gate was to judge is not there: `git bisect run` skips
inline constexpr int kSignal = 128;   // plus the signal's number, as shells have it

}  // namespace tlbstorm::os

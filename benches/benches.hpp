// SPDX-License-Identifier: Apache-2.0
// What the files of benches/ show each other.
#pragma once

namespace tlbstorm::benches {

/// One benchmark for each registered probe; called from main, when all of them are registered.
void register_probes();

}  // namespace tlbstorm::benches

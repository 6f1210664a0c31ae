// SPDX-License-Identifier: Apache-2.0
// Counts the allocations of the whole test program.
#pragma once

namespace tlbstorm::test {
long allocations();
}

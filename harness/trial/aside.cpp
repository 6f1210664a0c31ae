// SPDX-License-Identifier: Apache-2.0
#include "harness/trial/aside.hpp"

#include <utility>

#include "harness/machine/topology.hpp"
#include "harness/os/error.hpp"
#include "harness/os/process.hpp"

namespace tlbstorm::trial {

Aside::Aside(const std::vector<int>& cpus) {
  if (cpus.empty()) return;
  std::vector<int> before = machine::allowed_cpus();
  try {
    os::run_on(cpus);
    cpus_ = machine::allowed_cpus();
    before_ = std::move(before);
  } catch (const os::Error&) {  // they are gone meanwhile
  }
}

Aside::~Aside() {
  if (before_.empty() || machine::allowed_cpus() != cpus_) return;
  try {
    os::run_on(before_);
  } catch (const os::Error&) {  // those are gone: there is nowhere to go back to
  }
}

}  // namespace tlbstorm::trial

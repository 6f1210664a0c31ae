// SPDX-License-Identifier: Apache-2.0
#include "harness/probe/shootdowns.hpp"

#include <gtest/gtest.h>
#include <sys/mman.h>

#include <array>

#include "benches/pages.hpp"
#include "benches/sharers.hpp"
#include "tests/system/tool.hpp"

namespace tlbstorm::test {
namespace {

using probe::Shootdowns;

constexpr int kFlushes = 200;

void flush() {
  const os::Mapping memory = os::Mapping::anonymous(benches::size_of(1));
  for (int i = 0; i < kFlushes; ++i) {
    benches::touch(memory.bytes());
    ::madvise(memory.data(), memory.size().count, MADV_DONTNEED);
  }
}

TEST(Shootdowns, CountFromStartToStopOverAllStretches) {
  const auto cpus = machine::allowed_cpus();
  if (cpus.size() < 2) GTEST_SKIP() << "one CPU for us: no shootdown is possible";
  if (is_emulated()) GTEST_SKIP() << "an emulated sharer does not keep its CPU";
  benches::Sharers sharer(std::array{cpus[0], cpus[1]});
  Shootdowns counted;
  flush();
  EXPECT_EQ(counted.received(), 0);
  for (int stretch = 1; stretch <= 2; ++stretch) {
    counted.start();
    flush();
    counted.stop();
    EXPECT_GE(*counted.received(), 0.8 * stretch * kFlushes);
    EXPECT_GE(counted.sent().value_or(stretch * kFlushes), 0.8 * stretch * kFlushes);
    flush();
  }
  const double both = *counted.received();
  counted.start();
  flush();
  EXPECT_EQ(*counted.received(), both) << "a stretch that was not stopped does not count";
}

TEST(Shootdowns, SayWhyAFigureIsAbsent) {
  const Shootdowns all;
  EXPECT_EQ(all.sent().has_value(), all.absent().empty());
  for (const probe::Unavailable& why : all.absent()) EXPECT_NE(why.reason, "");
}

}  // namespace
}  // namespace tlbstorm::test

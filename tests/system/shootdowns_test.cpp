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

/// What a stretch adds is its own flushes, and that of unmapping the page.
void expect_counted(double counted, int stretches) {
  EXPECT_GE(counted, 0.8 * stretches * kFlushes);
  EXPECT_LE(counted, 1.3 * stretches * kFlushes);
}

TEST(Shootdowns, CountFromStartToStopOverAllStretches) {
  const auto cpus = machine::allowed_cpus();
  if (cpus.size() < 2) GTEST_SKIP() << "one CPU for us: no shootdown is possible";
  if (is_emulated()) GTEST_SKIP() << "an emulated sharer does not keep its CPU";
  benches::Sharers sharer(std::array{cpus[0], cpus[1]});
  Shootdowns counted;
  if (!counted.received())
    GTEST_SKIP() << "shootdowns are not counted here: " << counted.absent().front().reason;
  // One that the sharer was away from, if only for a moment, is done again: it had nobody to interrupt.
  const auto stretch = [&] {
    for (int attempt = 1;; ++attempt) {
      sharer.wait_until_all_run();
      const auto away = sharer.away();
      counted.start();
      flush();
      counted.stop();
      sharer.wait_until_all_run();
      if (sharer.away() == away || attempt == 50) return;
      counted.drop();
    }
  };
  flush();
  EXPECT_EQ(counted.received(), 0);
  for (const int stretches : {1, 2}) {
    stretch();
    flush();  // between stretches
    expect_counted(*counted.received(), stretches);
    if (counted.sent()) {
      EXPECT_NEAR(*counted.sent(), stretches * (kFlushes + 1), stretches * 2);
    }
  }
  const double both = *counted.received();
  stretch();
  EXPECT_GT(*counted.received(), both);
  counted.drop();
  EXPECT_EQ(counted.received(), both) << "what was dropped does not count";
  counted.start();
  flush();
  EXPECT_EQ(counted.received(), both) << "nor what was not stopped";
}

TEST(Shootdowns, SayWhyAFigureIsAbsent) {
  const Shootdowns counted;
  EXPECT_EQ(counted.received() && counted.sent(), counted.absent().empty());
  for (const probe::Unavailable& why : counted.absent()) EXPECT_NE(why.reason, "");
}

}  // namespace
}  // namespace tlbstorm::test

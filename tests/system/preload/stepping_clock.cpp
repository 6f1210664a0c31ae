// SPDX-License-Identifier: Apache-2.0
// To be preloaded: the time of day steps by a day, to and fro, whenever someone asks for it, as when an
// administrator or NTP sets the clock of a machine in the middle of a run. The monotonic clock is left alone.
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include <atomic>

namespace {

constexpr time_t kDay = time_t{24} * 3600;

time_t step() {
  static std::atomic<unsigned> asked{0};
  return asked++ % 2 == 0 ? -kDay : kDay;
}

}  // namespace

extern "C" {

int clock_gettime(clockid_t clock, timespec* now) {
  const long failed = ::syscall(SYS_clock_gettime, clock, now);
  if (failed == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) now->tv_sec += step();
  return static_cast<int>(failed);
}

int gettimeofday(timeval* now, void* /*zone*/) {
  timespec precise{};
  clock_gettime(CLOCK_REALTIME, &precise);
  *now = {precise.tv_sec, precise.tv_nsec / 1000};
  return 0;
}

time_t time(time_t* now) {
  timespec precise{};
  clock_gettime(CLOCK_REALTIME, &precise);
  if (now != nullptr) *now = precise.tv_sec;
  return precise.tv_sec;
}

}  // extern "C"

#pragma once

#include <time.h>

#include <cstdint>
#include <limits>

namespace kernel_identity::system {

// Times and durations of this folder are numbers of nanoseconds.

constexpr int64_t kSecond = 1'000'000'000;
/** A time that no clock reaches. */
constexpr int64_t kNever = std::numeric_limits<int64_t>::max();

inline int64_t Now(clockid_t clock) {
  struct timespec now = {};
  ::clock_gettime(clock, &now);
  return int64_t{now.tv_sec} * kSecond + now.tv_nsec;
}

inline struct timespec TimespecOf(int64_t nanoseconds) {
  return {.tv_sec = static_cast<time_t>(nanoseconds / kSecond),
          .tv_nsec = static_cast<long>(nanoseconds % kSecond)};
}

}  // namespace kernel_identity::system

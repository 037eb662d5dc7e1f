#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string_view>

namespace kernel_identity::system {

/** How far a time namespace shifts CLOCK_BOOTTIME (time_namespaces(7)). */
struct TimeOffset {
  int64_t seconds;
  /** 0 to 999 999 999; added to the seconds, even when those are negative. */
  int32_t nanoseconds;
};

/** Pure: reads the boottime line of the text of timens_offsets; false when there is none. */
bool ParseTimeOffsets(std::string_view text, TimeOffset* offset);

/**
 * Reads the offset of the time namespace of the process `pid`, or of the caller for 0. 0 or -errno; -ENODATA
 * when no file shows it.
 */
int ReadTimeOffset(pid_t pid, TimeOffset* offset);

}  // namespace kernel_identity::system

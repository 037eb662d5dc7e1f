#pragma once

#include <cstdint>
#include <string_view>

namespace kernel_identity::system {

/** Shift of CLOCK_BOOTTIME in a time namespace (time_namespaces(7)). */
struct TimeOffset {
  int64_t seconds;
  /** 0 to 999 999 999, added also to negative seconds. */
  int32_t nanoseconds;
};

/** Pure: takes the boottime line out of the text of timens_offsets; false where there is none. */
bool ParseTimeOffsets(std::string_view text, TimeOffset* offset);

/** That of the caller's time namespace; false where it cannot be known. */
bool ReadTimeOffset(TimeOffset* offset);

}  // namespace kernel_identity::system

#include "time_offset.h"

#include <cerrno>

#include "clock.h"
#include "initial_namespaces.h"
#include "proc_file.h"
#include "result.h"
#include "stat_calls.h"
#include "text_fields.h"

namespace kernel_identity::system {
namespace {

int InodeOf(const char* path, ino_t* inode) {
  struct stat status;
  const int result = ResultOf(StatPath(path, &status));
  if (result < 0) return result;
  *inode = status.st_ino;
  return 0;
}

}  // namespace

bool ParseTimeOffsets(std::string_view text, TimeOffset* offset) {
  while (!text.empty()) {
    const size_t end = text.find('\n');
    TextFields fields(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    const std::string_view clock = fields.Next();
    // Linux 5.6 prints the number of the clock in place of its name: 7 is CLOCK_BOOTTIME.
    if (clock != "boottime" && clock != "7") continue;
    return ParseDecimal(fields.Next(), &offset->seconds) &&
           ParseDecimal(fields.Next(), &offset->nanoseconds) && offset->nanoseconds >= 0 &&
           offset->nanoseconds < kSecond && fields.Next().empty();
  }
  return false;
}

bool ReadTimeOffset(TimeOffset* offset) {
  *offset = {0, 0};
  ino_t own = 0;
  const int result = InodeOf("/proc/self/ns/time", &own);
  if (result == -ENOENT) {
    // Either the kernel has no time namespaces (before 5.6, or not configured), or there is no /proc.
    ino_t other = 0;
    return InodeOf("/proc/self/ns/pid", &other) == 0;
  }
  if (result < 0) return false;
  if (own == kInitialTimeNamespace) return true;

  // timens_offsets shows the namespace that children will get. unshare(2) moves only the children, so the two
  // can differ, and then no file shows the offset of the caller.
  ino_t of_children = 0;
  if (InodeOf("/proc/self/ns/time_for_children", &of_children) < 0 || of_children != own) return false;
  char buffer[256];
  const ssize_t length = ReadProcFile("/proc/self/timens_offsets", buffer, sizeof buffer);
  return length > 0 && ParseTimeOffsets({buffer, static_cast<size_t>(length)}, offset);
}

}  // namespace kernel_identity::system

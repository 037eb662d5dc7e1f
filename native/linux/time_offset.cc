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

int ReadTimeOffset(pid_t pid, TimeOffset* offset) {
  *offset = {0, 0};
  ino_t own = 0;
  int result = InodeOf(ProcPath(pid, "ns/time").c_str(), &own);
  if (result == -ENOENT) {
    // The kernel has no time namespaces (before 5.6, or not configured), and the caller none either. Or there
    // is no such process, or no /proc.
    if (InodeOf("/proc/self/ns/time", &own) != -ENOENT) return -ESRCH;
    return InodeOf("/proc/self/ns/pid", &own);
  }
  if (result < 0) return result;
  if (own == kInitialTimeNamespace) return 0;

  // timens_offsets shows the namespace that children will get. unshare(2) moves only the children, so the two
  // can differ, and then no file shows the offset of the process itself.
  ino_t of_children = 0;
  result = InodeOf(ProcPath(pid, "ns/time_for_children").c_str(), &of_children);
  if (result < 0) return result;
  if (of_children != own) return -ENODATA;
  char buffer[256];
  const ssize_t length = ReadProcFile(ProcPath(pid, "timens_offsets").c_str(), buffer, sizeof buffer);
  if (length < 0) return static_cast<int>(length);
  return ParseTimeOffsets({buffer, static_cast<size_t>(length)}, offset) ? 0 : -EBADMSG;
}

}  // namespace kernel_identity::system

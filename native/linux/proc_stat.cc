#include "proc_stat.h"

#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <limits>

#include "proc_file.h"
#include "text_fields.h"

namespace kernel_identity::system {
namespace {

// 52 fields of at most 20 digits and a name: about 1.1 KB at worst, 300 bytes in practice.
constexpr size_t kCapacity = 4096;

// A time namespace whose clock starts after the process did makes the start negative. The kernel subtracts in
// unsigned nanoseconds and divides the wrapped number (fs/proc/array.c, nsec_to_clock_t): what it prints is
// about 1.8e12, so no test for "larger than a double can hold" would ever see it. Half of the range is 292
// years of uptime and tells the two apart.
constexpr uint64_t kNanosecondsPerTick = 10'000'000;
constexpr uint64_t kLargestTicks = uint64_t{std::numeric_limits<int64_t>::max()} / kNanosecondsPerTick;

}  // namespace

bool ParseStat(std::string_view text, ProcStat* stat) {
  // Field 2 is the name, which its process chooses: blanks, newlines and parentheses are all allowed in it.
  // None of the fields behind it can hold a parenthesis.
  const size_t name_end = text.rfind(')');
  if (name_end == std::string_view::npos) return false;
  TextFields fields(text.substr(name_end + 1));

  const std::string_view state = fields.Next();
  if (state.size() != 1) return false;
  fields.Skip(16);
  uint32_t threads = 0;
  if (!ParseDecimal(fields.Next(), &threads)) return false;
  fields.Skip(1);
  uint64_t ticks = 0;
  if (!ParseDecimal(fields.Next(), &ticks)) return false;
  // Field 22 was never the last one. A number at the very end may have lost digits.
  if (fields.rest().empty()) return false;

  stat->state = state.front();
  stat->threads = threads;
  stat->start_ticks.reset();
  if (ticks <= kLargestTicks) stat->start_ticks = ticks;
  return true;
}

int ReadStat(pid_t pid, ProcStat* stat) {
  // The file of the main thread says the same, and what others read of us. qemu's user emulation makes up the
  // file of its own process, with the time at which it was ready itself: on a busy machine ticks after the
  // true start.
  char own[32];
  std::snprintf(own, sizeof own, "task/%d/stat", pid);
  const char* const name = pid == ::getpid() ? own : "stat";

  char buffer[kCapacity];
  const ssize_t length = ReadProcFile(ProcPath(pid, name).c_str(), buffer, sizeof buffer);
  if (length < 0) return static_cast<int>(length);
  return ParseStat({buffer, static_cast<size_t>(length)}, stat) ? 0 : -EBADMSG;
}

}  // namespace kernel_identity::system

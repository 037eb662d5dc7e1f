#include "proc_stat.h"

#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <limits>

#include "proc_file.h"
#include "text_fields.h"

namespace kernel_identity::system {
namespace {

// The file has 52 fields of at most 20 digits and a name: about 1.1 KB at worst, 300 bytes in practice.
constexpr size_t kCapacity = 4096;

// A start is negative for a reader whose time namespace has a clock that begins after the process started.
// The kernel subtracts in unsigned nanoseconds and divides the number that wrapped around (fs/proc/array.c,
// nsec_to_clock_t). It prints about 1.8e12, which a double can hold, so a test for too large a number would
// never notice. The limit is half of the range, which is 292 years of uptime.
constexpr uint64_t kNanosecondsPerTick = 10'000'000;
constexpr uint64_t kLargestTicks = uint64_t{std::numeric_limits<int64_t>::max()} / kNanosecondsPerTick;

}  // namespace

bool ParseStat(std::string_view text, ProcStat* stat) {
  // Field 2 is the name, which the process chooses: it may hold blanks, newlines and parentheses. No field
  // after it can hold a parenthesis, so the last one ends the name.
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
  // Field 22 was never the last one. If no other field follows, the text was cut, perhaps within the number.
  if (!fields.rest().starts_with(' ')) return false;

  stat->state = state.front();
  stat->threads = threads;
  stat->start_ticks.reset();
  if (ticks <= kLargestTicks) stat->start_ticks = ticks;
  return true;
}

int ReadStat(pid_t pid, ProcStat* stat) {
  // A process reads the file of its main thread, which has the same content as the file that other processes
  // read. The emulation of qemu-user invents /proc/self/stat, with the time at which the emulator was ready:
  // on a busy machine that is ticks after the true start.
  char own[32];
  std::snprintf(own, sizeof own, "task/%d/stat", pid);
  const char* const name = pid == ::getpid() ? own : "stat";

  char buffer[kCapacity];
  const ssize_t length = ReadProcFile(ProcPath(pid, name).c_str(), buffer, sizeof buffer);
  if (length < 0) return static_cast<int>(length);
  return ParseStat({buffer, static_cast<size_t>(length)}, stat) ? 0 : -EBADMSG;
}

}  // namespace kernel_identity::system

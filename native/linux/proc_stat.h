#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string_view>

namespace kernel_identity::system {

/** The fields of /proc/<pid>/stat that identify a process and show whether it runs (proc_pid_stat(5)). */
struct ProcStat {
  /** Field 3: a letter, except that qemu-user prints a digit. */
  char state;
  /** Field 20. */
  uint32_t threads;
  /**
   * Field 22: USER_HZ ticks since boot, in the reader's time namespace. None when the process started before
   * the clock of that namespace.
   */
  std::optional<uint64_t> start_ticks;
};

/** Pure: false unless `text` is the whole content of such a file. */
bool ParseStat(std::string_view text, ProcStat* stat);

/** 0 or -errno; -EBADMSG when the content cannot be parsed. */
int ReadStat(pid_t pid, ProcStat* stat);

}  // namespace kernel_identity::system

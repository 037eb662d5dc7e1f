#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string_view>

namespace kernel_identity::system {

/** The fields of /proc/<pid>/stat that tell who a process is and whether it runs (proc_pid_stat(5)). */
struct ProcStat {
  /** Field 3. A letter; qemu-user prints a digit. */
  char state;
  /** Field 20. */
  uint32_t threads;
  /** Field 22, USER_HZ ticks since boot as the reader's time namespace shows them; none where it wrapped. */
  std::optional<uint64_t> start_ticks;
};

/** Pure: false unless `text` is the whole of such a file. */
bool ParseStat(std::string_view text, ProcStat* stat);

/** 0 or -errno; -EBADMSG when the file is not what it should be. */
int ReadStat(pid_t pid, ProcStat* stat);

}  // namespace kernel_identity::system

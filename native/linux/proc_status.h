#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string_view>

namespace kernel_identity::system {

/** The lines of /proc/<pid>/status about numbers (proc_pid_status(5)). */
struct ProcStatus {
  /** PID namespaces nest at most 32 deep below the initial one (pid_namespaces(7)). */
  static constexpr uint32_t kMaxLevels = 33;

  pid_t tgid;
  uint32_t levels;
  /** NSpid: outermost (that of the /proc mount) first. Empty on a kernel without PID namespaces. */
  pid_t ns_pids[kMaxLevels];
};

/** Pure: false unless `text` holds a Tgid line and every number in it can be read. */
bool ParseStatus(std::string_view text, ProcStatus* status);

/** Of the process `pid`, or of the caller for 0. 0 or -errno; -EBADMSG when the file is not what it should
 * be. */
int ReadStatus(pid_t pid, ProcStatus* status);

}  // namespace kernel_identity::system

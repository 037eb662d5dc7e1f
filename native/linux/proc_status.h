#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string_view>

namespace kernel_identity::system {

/** The lines of /proc/<pid>/status with the numbers of a process (proc_pid_status(5)). */
struct ProcStatus {
  /** PID namespaces nest at most 32 deep below the initial one (pid_namespaces(7)). */
  static constexpr uint32_t kMaxLevels = 33;

  pid_t tgid;
  uint32_t levels;
  /**
   * NSpid: the number in the namespace of the /proc mount comes first. Empty before Linux 4.1 and on kernels
   * without PID namespaces.
   */
  pid_t ns_pids[kMaxLevels];
};

/** Pure: false unless `text` has a Tgid line and every number in the two lines can be read. */
bool ParseStatus(std::string_view text, ProcStatus* status);

/**
 * Reads the lines of the process `pid`, or of the caller for 0. 0 or -errno; -EBADMSG when the content cannot
 * be parsed.
 */
int ReadStatus(pid_t pid, ProcStatus* status);

}  // namespace kernel_identity::system

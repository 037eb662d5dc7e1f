#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>

namespace kernel_identity::system {

/** pidfd_open(2): a descriptor (close-on-exec by nature) or -errno. */
int OpenPidfd(pid_t pid);

/** The device number of pidfs, learnt from the first pidfd; none yet, or for ever before kernel 6.9. */
struct PidfsDevice {
  std::optional<dev_t> number;
};

/**
 * The 64-bit number of the process behind a pidfd, never used twice within a boot. 0 or -errno; -ENOTTY for a
 * descriptor that is not on pidfs.
 */
int ReadPidfdInode(int fd, PidfsDevice* pidfs, uint64_t* inode);

/** 1 once the process with all its threads has exited, 0 before, or -errno. */
int PollPidfd(int fd);

/** What a pidfd shows of its process. */
struct PidfdProbe {
  /** As {@link ReadPidfdInode} reads it; none where that cannot be read. */
  std::optional<uint64_t> inode;
  bool exited = false;

  bool operator==(const PidfdProbe&) const = default;
};

/** One look at the process `pid` through a pidfd that is closed again. 0 or -errno. */
int ProbePidfd(pid_t pid, PidfsDevice* pidfs, PidfdProbe* sight);

}  // namespace kernel_identity::system

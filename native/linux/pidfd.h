#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>

namespace kernel_identity::system {

/** pidfd_open(2): a descriptor (close-on-exec by nature) or -errno. */
int OpenPidfd(pid_t pid);

/** The device number of pidfs: none until the first pidfd showed it, and always none before kernel 6.9. */
struct PidfsDevice {
  std::optional<dev_t> number;
};

/**
 * Reads the 64-bit number of the process behind a pidfd, which is never used twice within a boot. 0 or
 * -errno; -ENOTTY for a descriptor that is not on pidfs.
 */
int ReadPidfdInode(int fd, PidfsDevice* pidfs, uint64_t* inode);

/** 1 once the process with all its threads has exited, 0 before, or -errno. */
int PollPidfd(int fd);

/** The result of {@link ProbePidfd}. */
struct PidfdProbe {
  /** The number that {@link ReadPidfdInode} reads; none when it cannot be read. */
  std::optional<uint64_t> inode;
  bool exited = false;

  bool operator==(const PidfdProbe&) const = default;
};

/** Opens a pidfd of the process `pid`, reads its inode, polls it and closes it. 0 or -errno. */
int ProbePidfd(pid_t pid, PidfsDevice* pidfs, PidfdProbe* probe);

}  // namespace kernel_identity::system

#pragma once

#include <sys/types.h>

#include <cstdint>

#include "byte_lock.h"
#include "lock_state.h"
#include "unique_fd.h"

namespace kernel_identity::system {

// A lifeline is an open-file-description read lock (fcntl(2)) on one byte of a namespace's file on nsfs. The
// file belongs to the initial time namespace. All containers of a kernel share that namespace, unless they
// make one of their own, so one range of bytes serves all processes of the kernel, whatever else separates
// them. It takes no privilege: the file opens for reading, and a read lock needs no more. The kernel drops
// the lock when the last descriptor of its description is closed, at exit or at exec.

/** The initial namespaces whose files carry lifelines, in the order in which they are tried. */
enum class LifelineSpace { kTime, kUser };

constexpr int kLifelineSpaces = 2;

/** The open namespace file of a space, and the numbers by which its descriptor is recognised. */
struct NamespaceFile {
  UniqueFd fd;
  dev_t device = 0;
  ino_t inode = 0;
};

/**
 * Opens the file of the initial namespace through /proc/self/ns, or, where there is no /proc, through a pidfd
 * of this process (PIDFD_GET_TIME_NAMESPACE, kernel 6.11). 0 or -errno; -EXDEV when this process lives in
 * another namespace of that kind, or when the file is not one of nsfs.
 */
int OpenLifelineSpace(LifelineSpace space, NamespaceFile* file);

/** True for the errors of a kernel without such a namespace, and of a process that is in another one. */
bool IsSpaceMissing(int error);

/** Whether the descriptor still leads to the file that was opened: a stray close(2) gives its number away. */
bool IsStillOpen(const NamespaceFile& file);

/**
 * Whether another description holds exactly this byte. The description's own byte never conflicts with itself
 * and reads as free, so the caller answers for its own bytes from memory.
 */
LockState TestByteOf(const NamespaceFile& file, uint64_t offset);

}  // namespace kernel_identity::system

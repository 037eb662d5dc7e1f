#pragma once

#include <sys/types.h>

namespace kernel_identity::system {

/**
 * Reaps all ended child processes of this process but `spared`, whose end libuv waits for itself. A process
 * that is PID 1, or a subreaper, becomes the parent of every orphan below it, and each of them stays a zombie
 * until it is reaped. The number of those that were reaped, or -errno.
 */
int ReapOrphans(pid_t spared);

}  // namespace kernel_identity::system

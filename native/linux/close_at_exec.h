#pragma once

#include <fcntl.h>

#include "result.h"

namespace kernel_identity::system {

/** Keeps a descriptor that this process inherited from the programs that it starts. 0 or -errno. */
inline int CloseAtExec(int fd) { return ResultOf(::fcntl(fd, F_SETFD, FD_CLOEXEC)); }

}  // namespace kernel_identity::system

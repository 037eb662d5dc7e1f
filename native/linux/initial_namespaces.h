#pragma once

#include <sys/types.h>

namespace kernel_identity::system {

// Inodes of the namespaces that the kernel starts with, from include/linux/proc_ns.h. The same numbers stand
// in src/backend/initial-namespaces.ts.

/** PROC_TIME_INIT_INO: the time namespace that shifts nothing. */
constexpr ino_t kInitialTimeNamespace = 0xEFFFFFFA;
/** PROC_USER_INIT_INO. */
constexpr ino_t kInitialUserNamespace = 0xEFFFFFFD;

}  // namespace kernel_identity::system

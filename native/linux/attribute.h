#pragma once

#include <sys/types.h>

#include <cstddef>

namespace kernel_identity::system {

// The extended attribute `user.kernel-identity` of an open file or directory (xattr(7)). Whoever may read the
// file reads it, and whoever may write the file sets it. It goes with the file when that is removed.

/** Answers the number of bytes, or -errno: -ENODATA where there is none, -ERANGE where it is longer. */
ssize_t ReadAttribute(int fd, char* buffer, size_t capacity);

/** Sets it if there was none. 0 or -errno; -EEXIST if there was one, -ENOTSUP if the filesystem has none. */
int WriteAttribute(int fd, const char* bytes, size_t length);

}  // namespace kernel_identity::system

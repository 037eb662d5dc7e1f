#pragma once

#include <sys/types.h>

#include <cstddef>

namespace kernel_identity::system {

/**
 * Reads from `offset` on, until the buffer is full or the file ends. Answers the number of bytes, or -errno.
 * The descriptor's own position does not move.
 */
ssize_t ReadContent(int fd, char* buffer, size_t capacity, off_t offset);

/** Writes all the bytes at the start of the file. 0 or -errno. */
int WriteContent(int fd, const char* bytes, size_t length);

}  // namespace kernel_identity::system

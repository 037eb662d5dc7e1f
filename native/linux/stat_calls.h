#pragma once

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace kernel_identity::system {

// stat(2) and its relatives became ordinary functions only in glibc 2.33. A binary that calls them by name
// needs that version, while everything else here needs no more than 2.14. On the 64-bit machines named below,
// the C library passes the kernel's own structure through, so the system calls can be made without it.

inline int StatDescriptor(int fd, struct stat* status) {
#if defined(__x86_64__) || defined(__aarch64__)
  return static_cast<int>(::syscall(SYS_fstat, fd, status));
#else
  return ::fstat(fd, status);
#endif
}

inline int StatAt(int directory, const char* path, struct stat* status, int flags) {
#if defined(__x86_64__) || defined(__aarch64__)
  return static_cast<int>(::syscall(SYS_newfstatat, directory, path, status, flags));
#else
  return ::fstatat(directory, path, status, flags);
#endif
}

/** Follows symbolic links, including those under /proc/<pid>/ns. */
inline int StatPath(const char* path, struct stat* status) { return StatAt(AT_FDCWD, path, status, 0); }

}  // namespace kernel_identity::system

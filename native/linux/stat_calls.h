#pragma once

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace kernel_identity::system {

// stat(2) and its kin became ordinary functions only in glibc 2.33. A binary that calls them by name asks for
// that version, though nothing else here needs more than 2.14. On the 64-bit machines named below the
// C library passes the kernel's own structure through, so the calls can be made without it.

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

/** Follows symbolic links, those under /proc/<pid>/ns included. */
inline int StatPath(const char* path, struct stat* status) { return StatAt(AT_FDCWD, path, status, 0); }

}  // namespace kernel_identity::system

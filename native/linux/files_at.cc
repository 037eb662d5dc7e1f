#include "files_at.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include "result.h"
#include "stat_calls.h"

namespace kernel_identity::system {
namespace {

#ifdef RENAME_NOREPLACE
constexpr unsigned kRenameNoReplace = RENAME_NOREPLACE;
#else
constexpr unsigned kRenameNoReplace = 1;  // musl declares neither the call nor its flags.
#endif

}  // namespace

int OpenParent(const char* path) {
  // O_PATH needs only the right to search, which is enough: nothing is ever read through this descriptor.
  return Uninterrupted([path] { return ::open(path, O_PATH | O_DIRECTORY | O_CLOEXEC); });
}

int OpenDirectoryAt(int directory, const char* name) {
  return Uninterrupted([=] {
    return ::openat(directory, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
  });
}

int OpenForReadingAt(int directory, const char* name) {
  // O_NONBLOCK, because a FIFO in place of the file must not block us until a writer comes. O_NOCTTY, because
  // a terminal in its place must not become our controlling terminal.
  return Uninterrupted(
      [=] { return ::openat(directory, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC); });
}

int CreateAt(int directory, const char* name) {
  // The call is not repeated after EINTR: if it did create the file, a second one would answer EEXIST because
  // of our own file.
  return ResultOf(
      ::openat(directory, name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600));
}

int MakeDirectoryAt(int directory, const char* name) { return ResultOf(::mkdirat(directory, name, 0777)); }

int RenameAt(int from_directory, const char* from, int to_directory, const char* to) {
  return ResultOf(::renameat(from_directory, from, to_directory, to));
}

int RenameNoReplaceAt(int from_directory, const char* from, int to_directory, const char* to) {
  // The call is made by its number, because glibc has a wrapper only since 2.28, and musl since 1.2.6.
  return ResultOf(
      static_cast<int>(::syscall(SYS_renameat2, from_directory, from, to_directory, to, kRenameNoReplace)));
}

int LinkAt(int directory, const char* from, const char* to) {
  return ResultOf(::linkat(directory, from, directory, to, 0));
}

int TakeModeOf(int file, int directory) {
  struct stat status;
  if (StatDescriptor(directory, &status) != 0) return -errno;
  constexpr mode_t kNoneForOthersToWrite = 0664;
  return ResultOf(::fchmod(file, status.st_mode & kNoneForOthersToWrite));
}

int UnlinkAt(int directory, const char* name) { return ResultOf(::unlinkat(directory, name, 0)); }

int RemoveDirectoryAt(int directory, const char* name) {
  return ResultOf(::unlinkat(directory, name, AT_REMOVEDIR));
}

}  // namespace kernel_identity::system

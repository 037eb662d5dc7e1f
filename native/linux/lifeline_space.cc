#include "lifeline_space.h"

#include <sys/ioctl.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cerrno>

#include "initial_namespaces.h"
#include "pidfd.h"
#include "proc_file.h"
#include "result.h"
#include "stat_calls.h"

namespace kernel_identity::system {
namespace {

// NSFS_MAGIC of include/uapi/linux/magic.h.
constexpr uint32_t kNsfsMagic = 0x6E736673;

struct SpaceSource {
  const char* path;
  ino_t initial_inode;
  // PIDFD_GET_*_NAMESPACE of include/uapi/linux/pidfd.h. It is a number here, because older headers lack it.
  unsigned long pidfd_request;
};

constexpr SpaceSource kSources[kLifelineSpaces] = {
    {"/proc/self/ns/time", kInitialTimeNamespace, _IO(0xFF, 7)},
    {"/proc/self/ns/user", kInitialUserNamespace, _IO(0xFF, 9)},
};

/** Opens this process's own namespace file. A descriptor or -errno. */
int OpenNamespaceFile(const SpaceSource& source) {
  const int opened = OpenProcFile(source.path);
  if (opened != -ENOENT) return opened;
  // Either the kernel has no such namespaces, or there is no /proc to find them in. A pidfd leads to the
  // namespace as well.
  const int pidfd = OpenPidfd(::getpid());
  if (pidfd < 0) return opened;
  const UniqueFd owned(pidfd);
  const int through_pidfd = ResultOf(::ioctl(pidfd, source.pidfd_request, 0));
  return through_pidfd < 0 ? opened : through_pidfd;
}

}  // namespace

int OpenLifelineSpace(LifelineSpace space, NamespaceFile* file) {
  const SpaceSource& source = kSources[static_cast<int>(space)];
  const int opened = OpenNamespaceFile(source);
  if (opened < 0) return opened;
  UniqueFd fd(opened);
  struct statfs filesystem;
  struct stat status;
  if (::fstatfs(fd.get(), &filesystem) < 0) return -errno;
  if (StatDescriptor(fd.get(), &status) < 0) return -errno;
  const bool is_nsfs = static_cast<uint32_t>(filesystem.f_type) == kNsfsMagic;
  if (!is_nsfs || status.st_ino != source.initial_inode) return -EXDEV;
  *file = {.fd = std::move(fd), .device = status.st_dev, .inode = status.st_ino};
  return 0;
}

bool IsSpaceMissing(int error) { return error == -EXDEV || error == -ENOENT; }

bool IsStillOpen(const NamespaceFile& file) {
  struct stat status;
  return file.fd.valid() && StatDescriptor(file.fd.get(), &status) == 0 && status.st_dev == file.device &&
         status.st_ino == file.inode;
}

LockState TestByteOf(const NamespaceFile& file, uint64_t offset) {
  const LockState state = TestByte(file.fd.get(), offset);
  // Any other file would also answer that nothing is locked, so this checks the descriptor after the test.
  return state == LockState::kFree && !IsStillOpen(file) ? LockState::kUntestable : state;
}

}  // namespace kernel_identity::system

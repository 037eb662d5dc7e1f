#include <fcntl.h>
#include <sys/mount.h>
#include <sys/param.h>
#include <unistd.h>

#include "../thin/kernel.h"

namespace kernel_identity::thin {

static_assert(sizeof(struct statfs) == 2168 && MNT_LOCAL == 0x1000 && sizeof(struct flock) == 24);

bool ReadVolume(const PathCharacter* path, char (&name)[kVolumeNameSize]) {
  struct statfs volume = {};
  if (statfs(path, &volume) != 0 || (volume.f_flags & MNT_LOCAL) == 0) return false;
  static_assert(sizeof volume.f_fstypename <= kVolumeNameSize);
  for (unsigned at = 0; at < sizeof volume.f_fstypename; at++) name[at] = volume.f_fstypename[at];
  name[kVolumeNameSize - 1] = '\0';
  return name[0] != '\0';
}

LockState TestWitness(int descriptor) {
  // XNU keeps the locks of flock(2) and of fcntl(2) on a file in one list, so that F_GETLK shows one of
  // flock(2), whose holder it does not name (bsd/kern/kern_lockf.c).
  struct flock lock = {};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  if (fcntl(descriptor, F_GETLK, &lock) != 0) return LockState::kUntestable;
  if (lock.l_type == F_UNLCK) return LockState::kFree;
  return lock.l_type == F_WRLCK && lock.l_pid == -1 ? LockState::kHeld : LockState::kUntestable;
}

}  // namespace kernel_identity::thin

#include "inotify.h"

#include <fcntl.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <cerrno>
#include <string>

#include "proc_file.h"
#include "result.h"

namespace kernel_identity::system {
namespace {

// The death of an owner shows as IN_CLOSE_WRITE, in any PID namespace, because it has owner.json open for
// writing. An owner.json that is replaced by a rename shows only as IN_MOVED_TO. No event here is about
// reading, so a process that only inspects a lock wakes no waiter.
constexpr uint32_t kLockChanges =
    IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE | IN_CLOSE_WRITE | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR;

int AddWatch(int inotify, int fd, uint32_t events) {
  // inotify_add_watch takes no descriptor. This link of /proc leads to the open file itself, even if another
  // file has its name by now (proc_pid_fd(5)).
  const ProcPath path(0, "fd/" + std::to_string(fd));
  const int result = Uninterrupted([&] { return ::inotify_add_watch(inotify, path.c_str(), events); });
  // The link is missing because there is no /proc, or because there is no such descriptor.
  if (result == -ENOENT && ::fcntl(fd, F_GETFD) < 0) return -EBADF;
  return result;
}

}  // namespace

int OpenInotify() { return ResultOf(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC)); }

int WatchDirectory(int inotify, int directory) { return AddWatch(inotify, directory, kLockChanges); }

int WatchWriters(int inotify, int file) { return AddWatch(inotify, file, IN_CLOSE_WRITE); }

int WatchReaders(int inotify, int file) { return AddWatch(inotify, file, IN_CLOSE_NOWRITE); }

void DiscardEvents(int inotify) {
  char events[4096];
  while (::read(inotify, events, sizeof events) > 0) {
  }
}

}  // namespace kernel_identity::system

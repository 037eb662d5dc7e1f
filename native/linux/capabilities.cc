#include "capabilities.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <utility>

#include "errno_name.h"
#include "files_at.h"
#include "inotify.h"
#include "lifeline_space.h"
#include "pid_namespace.h"
#include "pidfd.h"
#include "proc_file.h"
#include "result.h"
#include "unique_fd.h"
#include "witness.h"

namespace kernel_identity::system {
namespace {

Capability Yes(std::string reason) { return {true, std::move(reason)}; }

Capability No(std::string reason) { return {false, std::move(reason)}; }

std::string Answered(const char* call, int error) {
  std::string reason = call;
  reason += " answered ";
  reason += ErrnoName(error);
  if (error == -ENOSYS) reason += " (older kernel or seccomp)";
  if (error == -EPERM || error == -EACCES) reason += " (seccomp?)";
  return reason;
}

// Each of these functions returns 0 or an error of IsShortage, with which it has found out nothing.

int ProbePidfd(Capabilities* capabilities) {
  const int opened = OpenPidfd(::getpid());
  if (IsShortage(opened)) return opened;
  if (opened < 0) {
    capabilities->pidfd = No(Answered("pidfd_open", opened));
    capabilities->pidfd_inode = No("no pidfds");
    return 0;
  }
  const UniqueFd pidfd(opened);
  const int exited = PollPidfd(pidfd.get());
  if (exited < 0) {
    capabilities->pidfd = No(Answered("poll of a pidfd", exited));
  } else if (exited > 0) {
    capabilities->pidfd = No("the pidfd of this process reads as exited");
  } else {
    capabilities->pidfd = Yes("pidfd_open of this process succeeded");
  }
  PidfsDevice pidfs;
  uint64_t inode = 0;
  const int result = ReadPidfdInode(pidfd.get(), &pidfs, &inode);
  if (IsShortage(result)) return result;
  if (result == 0) {
    capabilities->pidfd_inode = Yes("pidfds are on pidfs");
  } else if (result == -ENOTTY) {
    capabilities->pidfd_inode = No("pidfds are not on pidfs (kernel before 6.9, or a sandbox)");
  } else {
    capabilities->pidfd_inode = No(Answered("fstat of a pidfd", result));
  }
  return 0;
}

int ProbeNamespaceId(Capabilities* capabilities) {
  uint64_t id = 0;
  const int result = ReadOwnNamespaceId(&id);
  if (IsShortage(result)) return result;
  Capability& found = capabilities->namespace_id;
  if (result == 0) {
    found = Yes("NS_GET_ID answered for this PID namespace");
  } else if (result == -ENOTTY) {
    found = No("NS_GET_ID answered ENOTTY (kernel before 6.18)");
  } else if (result == -EBADMSG) {
    found = No("NS_GET_ID succeeded without an answer");
  } else {
    found = No(Answered("NS_GET_ID of /proc/self/ns/pid", result));
  }
  return 0;
}

/** Creates a file without a name, which no other process can open by accident. A descriptor or -errno. */
int NamelessFile() {
#ifdef MFD_NOEXEC_SEAL
  constexpr unsigned kNoExecSeal = MFD_NOEXEC_SEAL;
#else
  constexpr unsigned kNoExecSeal = 8;
#endif
  constexpr const char* kName = "kernel-identity";
  // Since Linux 6.3 the kernel logs a warning without the seal flag, or refuses the call (sysctl
  // vm.memfd_noexec); older kernels do not know the flag. The call is made by its number, because only
  // glibc 2.27 and later have a wrapper.
  long fd = ::syscall(SYS_memfd_create, kName, MFD_CLOEXEC | kNoExecSeal);
  if (fd < 0 && errno == EINVAL) fd = ::syscall(SYS_memfd_create, kName, MFD_CLOEXEC);
  if (fd < 0) fd = ::open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  return ResultOf(static_cast<int>(fd));
}

int ProbeWitness(Capabilities* capabilities) {
  Capability& take = capabilities->take_witness;
  Capability& test = capabilities->test_witness;
  const int created = NamelessFile();
  if (IsShortage(created)) return created;
  if (created < 0) {
    take = Yes("assumed, no file to try F_OFD_SETLK on");
    test = Yes("assumed, no file to try F_OFD_GETLK on");
    return 0;
  }
  const UniqueFd file(created);
  const int taken = TakeWitness(file.get());
  if (IsShortage(taken)) return taken;
  if (taken < 0) {
    take = No(Answered("fcntl F_OFD_SETLK", taken));
    test = No("no locks to test");
    return 0;
  }
  // A lock is invisible through the description that took it, so the file is opened once more through /proc.
  const int opened = OpenProcFile(ProcPath(0, "fd/" + std::to_string(file.get())).c_str());
  if (IsShortage(opened)) return opened;
  const UniqueFd second(opened);
  if (!second.valid()) {
    take = Yes("fcntl accepted F_OFD_SETLK; no /proc to see it from outside");
    test = TestWitness(file.get()) == LockState::kUntestable
               ? No("fcntl refused F_OFD_GETLK")
               : Yes("fcntl accepted F_OFD_GETLK; no /proc to see a lock from outside");
    return 0;
  }
  switch (TestWitness(second.get())) {
    case LockState::kHeld:
      take = Yes("F_OFD_SETLK took a lock that a second description sees");
      test = Yes("F_OFD_GETLK saw the lock of another description");
      break;
    case LockState::kFree:
      take = No("F_OFD_SETLK succeeded, but a second description sees no lock");
      test = No("F_OFD_GETLK does not see the lock of another description");
      break;
    case LockState::kUntestable:
      take = Yes("fcntl accepted F_OFD_SETLK");
      test = No("fcntl refused F_OFD_GETLK");
      break;
  }
  return 0;
}

/** Locks a byte through one description of the namespace file and tests it through another. */
int ProbeLifeline(Capabilities* capabilities) {
  // The last offset, which no lifeline has: see DrawOffset.
  constexpr uint64_t kProbeOffset = kByteOffsets;
  Capability& found = capabilities->lifeline;
  const auto failed = [&found](const char* call, int error) {
    found = No(Answered(call, error));
    return IsShortage(error) ? error : 0;
  };
  LifelineSpace space = LifelineSpace::kTime;
  NamespaceFile holder;
  int result = OpenLifelineSpace(space, &holder);
  if (IsSpaceMissing(result)) {
    space = LifelineSpace::kUser;
    result = OpenLifelineSpace(space, &holder);
  }
  if (result == -EXDEV) {
    found = No("this process is in time and user namespaces of its own, or /proc is made up");
    return 0;
  }
  if (result < 0) return failed("opening /proc/self/ns/time", result);
  NamespaceFile tester;
  const int reopened = OpenLifelineSpace(space, &tester);
  if (reopened < 0) return failed("opening the namespace file again", reopened);
  const int taken = TakeByte(holder.fd.get(), kProbeOffset);
  if (taken < 0) return failed("fcntl F_OFD_SETLK on the namespace file", taken);
  Conflict conflict;
  const int tested = FindConflict(tester.fd.get(), kProbeOffset, 1, &conflict);
  if (tested < 0) return failed("fcntl F_OFD_GETLK on the namespace file", tested);
  if (!conflict.found) {
    found = No("a lock on the namespace file is not seen by a second description");
  } else {
    found = Yes(space == LifelineSpace::kTime ? "a lock on the initial time namespace is seen by others"
                                              : "a lock on the initial user namespace is seen by others");
  }
  return 0;
}

Capability ProbeRenameNoReplace() {
  // A kernel that has the call checks the descriptors and answers EBADF. A seccomp filter answers before
  // that.
  const int result = RenameNoReplaceAt(-1, "from", -1, "to");
  if (result == -EBADF) return Yes("renameat2 is there");
  return No(Answered("renameat2", result));
}

}  // namespace

int ProbeCapabilities(Capabilities* capabilities) {
  for (const auto probe : {ProbePidfd, ProbeNamespaceId, ProbeWitness, ProbeLifeline}) {
    const int shortage = probe(capabilities);
    if (shortage < 0) return shortage;
  }
  capabilities->rename_no_replace = ProbeRenameNoReplace();
  return 0;
}

Capability ProbeLossEvents() {
  const auto polled = [](const char* call, int error) {
    return No("polled once a second: " + Answered(call, error));
  };
  const int opened = OpenInotify();
  if (opened < 0) return polled("inotify_init1", opened);
  const UniqueFd inotify(opened);
  const UniqueFd root(::open("/", O_PATH | O_DIRECTORY | O_CLOEXEC));
  const int watch = WatchDirectory(inotify.get(), root.get());
  if (watch < 0) return polled("inotify_add_watch by /proc/self/fd", watch);
  return Yes("inotify watches an open directory");
}

}  // namespace kernel_identity::system

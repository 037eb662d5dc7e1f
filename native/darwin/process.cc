#include <errno.h>
#include <libproc.h>
#include <signal.h>
#include <stddef.h>
#include <sys/proc.h>
#include <sys/sysctl.h>

#include "../thin/kernel.h"

namespace kernel_identity::thin {
namespace {

/**
 * struct proc_uniqidentifierinfo, which is not in the SDK. XNU calls it API (bsd/sys/proc_info_private.h).
 * The number is one more for each fork since the boot, and exec keeps it.
 */
struct UniqueIdentifier {
  uint8_t executable_uuid[16];
  uint64_t unique_id;
  uint64_t parent_unique_id;
  int32_t id_version;
  int32_t original_parent_id_version;
  uint64_t reserved[2];
};
static_assert(sizeof(UniqueIdentifier) == 56 && offsetof(UniqueIdentifier, unique_id) == 16);
constexpr int kUniqueIdentifierInformation = 17;
/** Asks for one that has ended and was not reaped, too. */
constexpr uint64_t kWithZombies = 1;
static_assert(sizeof(kinfo_proc) == 648 && SZOMB == 5);

/** 0: not known, and errno says why. */
uint64_t ReadUniqueId(pid_t pid) {
  UniqueIdentifier information = {};
  const int size = sizeof information;
  errno = 0;
  if (proc_pidinfo(pid, kUniqueIdentifierInformation, kWithZombies, &information, size) != size) return 0;
  return information.unique_id;
}

/** Nobody has the number only where kill(2) says so as well, because a sandbox may hide what it likes. */
Answer Missing(pid_t pid) {
  return kill(pid, 0) == -1 && errno == ESRCH ? Answer::kNoProcess : Answer::kHidden;
}

}  // namespace

Answer Probe(uint32_t number, Sight* sight) {
  const pid_t pid = static_cast<pid_t>(number);
  const uint64_t key = ReadUniqueId(pid);
  if (key == 0 && errno == ESRCH) return Missing(pid);

  // The start of a process of another user is shown here alone.
  int name[] = {CTL_KERN, KERN_PROC, KERN_PROC_PID, pid};
  kinfo_proc process = {};
  size_t size = sizeof process;
  if (sysctl(name, sizeof name / sizeof *name, &process, &size, nullptr, 0) != 0) {
    return errno == ENOMEM ? Answer::kShortage : Answer::kHidden;
  }
  if (size == 0) return Missing(pid);
  if (size != sizeof process || process.kp_proc.p_pid != pid) return Answer::kHidden;
  // Otherwise the two answers may be about two processes.
  if (key != ReadUniqueId(pid)) return Answer::kHidden;

  const timeval& start = process.kp_proc.p_starttime;
  sight->key = key;
  sight->started = start.tv_sec > 0
                       ? static_cast<uint64_t>(start.tv_sec) * 1000000 + static_cast<uint64_t>(start.tv_usec)
                       : 0;
  sight->has_exited = process.kp_proc.p_stat == SZOMB;
  return Answer::kOk;
}

/** macOS has no PID namespaces. */
bool AreNumbersShared() { return true; }

bool ReadBoot(char (&text)[kBootTextSize]) {
  // XNU draws it once at each boot (IOPMrootDomain.cpp).
  size_t size = sizeof text;
  return sysctlbyname("kern.bootsessionuuid", text, &size, nullptr, 0) == 0 && size > 0 && size < sizeof text;
}

}  // namespace kernel_identity::thin

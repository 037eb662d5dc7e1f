#include "orphans.h"

#include <sys/wait.h>

#include <cerrno>

#include "result.h"

namespace kernel_identity::system {

int ReapOrphans(pid_t spared) {
  for (int reaped = 0;; ++reaped) {
    siginfo_t ended = {};
    // WNOWAIT leaves the zombie where it is, because it may be the spared one. Its number cannot be given to
    // another process before it is reaped.
    const int waited = Uninterrupted([&] { return ::waitid(P_ALL, 0, &ended, WEXITED | WNOHANG | WNOWAIT); });
    if (waited == -ECHILD) return reaped;
    if (waited < 0) return waited;
    // The kernel may show the spared zombie before all others. They are reaped at the next call, which
    // SIGCHLD brings about, or by the parent of this process when this one ends.
    if (ended.si_pid == 0 || ended.si_pid == spared) return reaped;
    const int reaping = Uninterrupted([&] { return ::waitpid(ended.si_pid, nullptr, WNOHANG); });
    if (reaping < 0) return reaping;
  }
}

}  // namespace kernel_identity::system

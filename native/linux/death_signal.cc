#include "death_signal.h"

#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>

#include "fork_handlers.h"

namespace kernel_identity::system {
namespace {

struct Wanted {
  std::atomic<int> signal = 0;
  std::atomic<pid_t> parent = 0;
};

/** What the children are to get. It is never deleted, because a thread may fork while the process exits. */
Wanted& WantedByProcess() {
  static auto* const wanted = new Wanted();
  return *wanted;
}

/** Runs in the child, where only calls are allowed that are safe in a signal handler. */
void AskInChild() {
  const int signal = WantedByProcess().signal;
  if (signal == 0) return;
  // What the child itself may fork is not meant. One step for both (exchange) would bring code of libgcc for
  // arm64 along that musl cannot link; here no other thread is left.
  WantedByProcess().signal = 0;
  (void)::prctl(PR_SET_PDEATHSIG, signal);
  // The parent may have ended before, and then nothing would ever be sent.
  if (::getppid() != WantedByProcess().parent) (void)::kill(::getpid(), signal);
}

}  // namespace

int SetDeathSignal(int signal) {
  if (signal < 0 || signal >= NSIG) return -EINVAL;
  static const bool is_registered = RegisterForkHandlers(nullptr, nullptr, AskInChild);
  if (!is_registered) return -ENOTSUP;
  WantedByProcess().parent = ::getpid();
  WantedByProcess().signal = signal;
  return 0;
}

}  // namespace kernel_identity::system

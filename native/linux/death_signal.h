#pragma once

namespace kernel_identity::system {

/**
 * Has every process that this one forks from now on get a signal when the thread that forked it ends
 * (PR_SET_PDEATHSIG of prctl(2)), also when it ended before the child could ask for that. 0: it gets none.
 * The kernel forgets it when the child runs a program with the set-user-id bit, or with capabilities.
 * 0 or -errno; -EINVAL for no number of a signal; -ENOTSUP where a fork calls no handlers.
 */
int SetDeathSignal(int signal);

}  // namespace kernel_identity::system

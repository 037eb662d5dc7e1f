#pragma once

namespace kernel_identity::system {

using ForkHandler = void (*)();

/** pthread_atfork(3), for as long as the process lives. A handler may be null. False where it cannot be had.
 */
bool RegisterForkHandlers(ForkHandler prepare, ForkHandler parent, ForkHandler child);

}  // namespace kernel_identity::system

#include "fork_handlers.h"

#include <cerrno>

namespace kernel_identity::system {

// glibc exports no pthread_atfork(3): the linker puts a stub into each library, which calls the first of
// these two functions. musl has only the second one. A weak symbol is null where it is missing.
extern "C" {
int RegisterInGlibc(ForkHandler prepare, ForkHandler parent, ForkHandler child,
                    void* library) __asm__("__register_atfork") __attribute__((weak));
int RegisterInMusl(ForkHandler prepare, ForkHandler parent, ForkHandler child) __asm__("pthread_atfork")
    __attribute__((weak));
}

bool RegisterForkHandlers(ForkHandler prepare, ForkHandler parent, ForkHandler child) {
  int failed = ENOSYS;
  if (RegisterInGlibc != nullptr) {
    failed = RegisterInGlibc(prepare, parent, child, nullptr);
  } else if (RegisterInMusl != nullptr) {
    failed = RegisterInMusl(prepare, parent, child);
  }
  return failed == 0;
}

}  // namespace kernel_identity::system

#include "thread.h"

#include <signal.h>
#include <sys/prctl.h>

#include <cstddef>

// glibc 2.32 and 2.34 moved these into libc and gave them new versions; they are otherwise unchanged. A
// binary that asks for the versions they were born with, here on the 64-bit machines there are prebuilt
// binaries for, also loads on an older system. musl knows no versions.
#if defined(__GLIBC__) && defined(__x86_64__) && defined(__LP64__)
#define KERNEL_IDENTITY_SYMBOL(name) __asm__(".symver " #name ", " #name "@GLIBC_2.2.5")
#elif defined(__GLIBC__) && defined(__aarch64__) && defined(__LP64__)
#define KERNEL_IDENTITY_SYMBOL(name) __asm__(".symver " #name ", " #name "@GLIBC_2.17")
#else
#define KERNEL_IDENTITY_SYMBOL(name) static_assert(true)
#endif

KERNEL_IDENTITY_SYMBOL(pthread_attr_setstacksize);
KERNEL_IDENTITY_SYMBOL(pthread_create);
KERNEL_IDENTITY_SYMBOL(pthread_join);
KERNEL_IDENTITY_SYMBOL(pthread_sigmask);

namespace kernel_identity::system {
namespace {

// In place of the usual 8 MiB of address space, which a memory limit may count. The C library takes
// thread-local storage out of it, so not the smallest that is allowed.
constexpr size_t kStackSize = size_t{256} * 1024;

}  // namespace

int Thread::Start(Work work, void* context) {
  pthread_attr_t attributes;
  const int initialised = ::pthread_attr_init(&attributes);
  if (initialised != 0) return -initialised;
  // Refused where it is too small for this system; then the default will do.
  ::pthread_attr_setstacksize(&attributes, kStackSize);
  // A thread inherits the mask of its creator: so there is no moment in which a signal could reach it.
  sigset_t all;
  sigset_t before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  const int created = ::pthread_create(&thread_, &attributes, work, context);
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  ::pthread_attr_destroy(&attributes);
  started_ = created == 0;
  return -created;
}

void Thread::Join() {
  if (started_) ::pthread_join(thread_, nullptr);
  started_ = false;
}

void Thread::SetName(const char* name) {
  // pthread_setname_np(3) makes the same call, under a newer version of glibc.
  ::prctl(PR_SET_NAME, name);
}

}  // namespace kernel_identity::system

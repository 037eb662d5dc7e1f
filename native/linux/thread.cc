#include "thread.h"

#include <signal.h>
#include <sys/prctl.h>

#include <cstddef>

// glibc 2.32 and 2.34 moved these functions into libc and gave them new versions; nothing else changed. A
// binary that asks for their first versions also loads on an older system. That is done on the 64-bit
// machines that have prebuilt binaries. musl has no versions.
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

// The usual 8 MiB of address space would count against a memory limit. The C library takes thread-local
// storage out of the stack, so this is not the smallest size that is allowed.
constexpr size_t kStackSize = size_t{256} * 1024;

}  // namespace

int Thread::Start(Work work, void* context) {
  pthread_attr_t attributes;
  const int initialised = ::pthread_attr_init(&attributes);
  if (initialised != 0) return -initialised;
  // The C library refuses a size that is too small for this system. Then the default stays.
  ::pthread_attr_setstacksize(&attributes, kStackSize);
  // A thread inherits the signal mask of its creator, so there is no moment at which a signal could reach it.
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

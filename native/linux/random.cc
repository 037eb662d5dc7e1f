#include "random.h"

#include <sys/syscall.h>
#include <unistd.h>

#include "result.h"

namespace kernel_identity::system {

int FillRandom(uint8_t* bytes, size_t size) {
  while (size > 0) {
    // A signal can cut a request for more than 256 bytes short. The call is made by its number, because only
    // glibc 2.25 and later have a wrapper.
    const int filled =
        Uninterrupted([&] { return static_cast<int>(::syscall(SYS_getrandom, bytes, size, 0)); });
    if (filled < 0) return filled;
    bytes += filled;
    size -= static_cast<size_t>(filled);
  }
  return 0;
}

}  // namespace kernel_identity::system

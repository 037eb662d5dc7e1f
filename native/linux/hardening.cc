// The functions and the variable that hardened code needs (-fstack-protector-strong and _FORTIFY_SOURCE in
// binding.gyp), and that musl lacks or glibc has where musl cannot find it. The names are exported, so that
// the loader takes those of the C library where it has them, and these elsewhere.

// Otherwise the function below would call itself, as that header replaces the calls of those that it uses.
#undef _FORTIFY_SOURCE

#include <cstdarg>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

// NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp): the compiler decides these names.
extern "C" {

#if defined(__aarch64__)
/**
 * The value that the stack protector stores in front of a return address. glibc for arm64 has it in its
 * loader, so without this variable the addon would need a library called ld-linux-aarch64.so.1, which musl
 * cannot find. This value serves nobody, because every C library of arm64 has one of its own, at random.
 */
extern __attribute__((visibility("default"))) uintptr_t __stack_chk_guard;
uintptr_t __stack_chk_guard = 0x00'0a'ff'0d'c7'31'5e'92;
#endif

/** snprintf(3) for a buffer of `room` bytes, as glibc has it: it ends the process where `size` is larger. */
__attribute__((visibility("default"))) int __snprintf_chk(char* text, size_t size, int flag, size_t room,
                                                          const char* format, ...);

int __snprintf_chk(char* text, size_t size, int /*flag*/, size_t room, const char* format, ...) {
  if (size > room) std::abort();
  va_list arguments;
  va_start(arguments, format);
  const int length = std::vsnprintf(text, size, format, arguments);
  va_end(arguments);
  return length;
}

}  // extern "C"
// NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp)

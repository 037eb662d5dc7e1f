#pragma once

#include <string>

namespace kernel_identity::system {

struct ErrnoText {
  int number;
  const char* name;
  const char* message;
};

/**
 * Symbol and meaning of an errno, in the words Node uses for them; null for a number that is not in the
 * table. glibc can only name them since 2.32 (strerrorname_np), which is too new, and musl not at all.
 */
const ErrnoText* FindErrno(int number);

/** The symbol of a negated errno, `E<number>` where the table has none. */
std::string ErrnoName(int error);

}  // namespace kernel_identity::system

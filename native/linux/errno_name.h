#pragma once

#include <string>

namespace kernel_identity::system {

struct ErrnoText {
  int number;
  const char* name;
  const char* message;
};

/**
 * Symbol and meaning of an errno, in the words that Node uses; null for a number that is not in the table.
 * There is a table because glibc names errors only since 2.32 (strerrorname_np), which is too new, and musl
 * never.
 */
const ErrnoText* FindErrno(int number);

/** The symbol of a negated errno, or `E<number>` when the table has none. */
std::string ErrnoName(int error);

}  // namespace kernel_identity::system

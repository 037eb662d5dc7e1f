#pragma once

#include <string_view>

namespace kernel_identity::system {

struct BootId {
  static constexpr size_t kLength = 36;

  /** Lower-case UUID, not terminated. */
  char id[kLength];
  /** False where another file is mounted over the kernel's own. */
  bool native;
};

/** Pure: copies the UUID at the start of `text` in lower case; false where there is none. */
bool ParseBootId(std::string_view text, BootId* boot_id);

/** 0 or -errno; -EBADMSG when the file holds no UUID. */
int ReadBootId(BootId* boot_id);

}  // namespace kernel_identity::system

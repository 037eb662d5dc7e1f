#pragma once

#include <string_view>

namespace kernel_identity::system {

struct BootId {
  static constexpr size_t kLength = 36;

  /** A UUID in lower case, without a terminating NUL. */
  char id[kLength];
  /** False when another file is mounted over the kernel's own. */
  bool native;
};

/** Pure: copies the UUID that `text` consists of, in lower case; false when the text is anything else. */
bool ParseBootId(std::string_view text, BootId* boot_id);

/** 0 or -errno; -EBADMSG when the file holds no UUID. */
int ReadBootId(BootId* boot_id);

}  // namespace kernel_identity::system

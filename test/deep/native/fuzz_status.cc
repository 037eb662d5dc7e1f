// Fuzzes the parsers of the other texts of the kernel: /proc/<pid>/status, timens_offsets and boot_id.

#include <cstdlib>
#include <string_view>

#include "boot_id.h"
#include "proc_status.h"
#include "time_offset.h"

namespace system_ = kernel_identity::system;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  system_::ProcStatus status;
  if (system_::ParseStatus(text, &status) && status.levels > system_::ProcStatus::kMaxLevels) std::abort();
  system_::TimeOffset offset = {};
  if (system_::ParseTimeOffsets(text, &offset)) {
    if (offset.nanoseconds < 0 || offset.nanoseconds >= 1'000'000'000) std::abort();
  }
  system_::BootId boot_id = {};
  if (system_::ParseBootId(text, &boot_id)) {
    system_::BootId again = {};
    if (!system_::ParseBootId({boot_id.id, system_::BootId::kLength}, &again)) std::abort();
    if (std::string_view(again.id, sizeof again.id) != std::string_view(boot_id.id, sizeof boot_id.id))
      std::abort();
  }
  return 0;
}

// What any process can put into its own /proc/<pid>/stat, and what a sandbox may show there.

#include <cstdlib>
#include <string>
#include <string_view>

#include "proc_stat.h"

using kernel_identity::system::ParseStat;
using kernel_identity::system::ProcStat;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  ProcStat stat;
  if (!ParseStat(text, &stat)) return 0;
  // The name is its process's own choice, and decides nothing: another one gives the same answer.
  const size_t behind_name = text.rfind(')');
  const std::string renamed = "7 (a b) R 0 (c\n) 1 (" + std::string(text.substr(behind_name));
  ProcStat again;
  if (!ParseStat(renamed, &again)) std::abort();
  if (again.state != stat.state || again.threads != stat.threads) std::abort();
  if (again.start_ticks != stat.start_ticks) std::abort();
  // Cut off anywhere (the input says where), it is refused, or it says the same: never half of a number.
  const std::string_view tail = text.substr(behind_name + 1);
  const size_t cut = static_cast<unsigned char>(text.front()) % (tail.size() + 1);
  if (!ParseStat(text.substr(0, size - cut), &again)) return 0;
  if (again.start_ticks != stat.start_ticks || again.threads != stat.threads) std::abort();
  return 0;
}

// Fuzzes the parser of /proc/<pid>/stat: any process can write a part of that text, and a sandbox can invent
// all of it.

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
  // A process chooses its own name, so the name must not matter: another one gives the same answer.
  const size_t behind_name = text.rfind(')');
  const std::string renamed = "7 (a b) R 0 (c\n) 1 (" + std::string(text.substr(behind_name));
  ProcStat again;
  if (!ParseStat(renamed, &again)) std::abort();
  if (again.state != stat.state || again.threads != stat.threads) std::abort();
  if (again.start_ticks != stat.start_ticks) std::abort();
  // A text that is cut anywhere (the input says where) is refused or gives the same answer, never half of a
  // number.
  const std::string_view tail = text.substr(behind_name + 1);
  const size_t cut = static_cast<unsigned char>(text.front()) % (tail.size() + 1);
  if (!ParseStat(text.substr(0, size - cut), &again)) return 0;
  if (again.start_ticks != stat.start_ticks || again.threads != stat.threads) std::abort();
  return 0;
}

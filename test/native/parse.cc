// Prints what the parsers of the addon read from texts, for parsers.test.ts. Each text comes on stdin after a
// line with the name of its file and its length in bytes; each answer is a line of JSON. With the argument
// `filesystems` it prints the table of filesystem names instead, one number and name on each line.

#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>

#include "boot_id.h"
// The table is private to that file.
#include "filesystem.cc"
#include "proc_stat.h"
#include "proc_status.h"
#include "time_offset.h"

namespace kernel_identity::system {
namespace {

bool PrintStat(std::string_view text) {
  ProcStat stat;
  if (!ParseStat(text, &stat)) return false;
  std::printf("{\"state\":\"%c\",\"threads\":%" PRIu32 ",\"startTicks\":", stat.state, stat.threads);
  if (stat.start_ticks) {
    std::printf("%" PRIu64 "}\n", *stat.start_ticks);
  } else {
    std::printf("null}\n");
  }
  return true;
}

bool PrintStatus(std::string_view text) {
  ProcStatus status;
  if (!ParseStatus(text, &status)) return false;
  std::printf("{\"tgid\":%d,\"nsPids\":[", status.tgid);
  for (uint32_t i = 0; i < status.levels; ++i) std::printf(i == 0 ? "%d" : ",%d", status.ns_pids[i]);
  std::printf("]}\n");
  return true;
}

bool PrintTimeOffset(std::string_view text) {
  TimeOffset offset;
  if (!ParseTimeOffsets(text, &offset)) return false;
  std::printf("{\"seconds\":%" PRId64 ",\"nanoseconds\":%" PRId32 "}\n", offset.seconds, offset.nanoseconds);
  return true;
}

bool PrintBootId(std::string_view text) {
  BootId boot_id;
  if (!ParseBootId(text, &boot_id)) return false;
  std::printf("\"%.*s\"\n", static_cast<int>(sizeof boot_id.id), boot_id.id);
  return true;
}

bool Print(std::string_view file, std::string_view text) {
  if (file == "stat") return PrintStat(text);
  if (file == "status") return PrintStatus(text);
  if (file == "timens_offsets") return PrintTimeOffset(text);
  if (file == "boot_id") return PrintBootId(text);
  std::abort();
}

void PrintTexts() {
  char file[32];
  size_t length = 0;
  while (std::scanf("%31s %zu", file, &length) == 2) {
    std::getchar();  // The newline before the text.
    std::string text(length, '\0');
    if (std::fread(text.data(), 1, length, stdin) != length) std::abort();
    if (!Print(file, text)) std::printf("null\n");
  }
}

void PrintFilesystems() {
  for (const NamedMagic& entry : kNames) std::printf("%" PRIu32 " %s\n", entry.magic, entry.name);
}

}  // namespace
}  // namespace kernel_identity::system

int main(int count, char** arguments) {
  if (count == 2 && std::strcmp(arguments[1], "filesystems") == 0) {
    kernel_identity::system::PrintFilesystems();
  } else {
    kernel_identity::system::PrintTexts();
  }
  return 0;
}

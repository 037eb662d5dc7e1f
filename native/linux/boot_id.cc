#include "boot_id.h"

#include <cerrno>

#include "proc_file.h"
#include "result.h"
#include "stat_calls.h"
#include "unique_fd.h"

namespace kernel_identity::system {
namespace {

constexpr bool IsDashPosition(size_t index) {
  return index == 8 || index == 13 || index == 18 || index == 23;
}

}  // namespace

bool ParseBootId(std::string_view text, BootId* boot_id) {
  if (text.ends_with('\n')) text.remove_suffix(1);
  if (text.size() != BootId::kLength) return false;
  for (size_t i = 0; i < text.size(); ++i) {
    char letter = text[i];
    if (letter >= 'A' && letter <= 'F') letter = static_cast<char>(letter - 'A' + 'a');
    const bool hexadecimal = (letter >= '0' && letter <= '9') || (letter >= 'a' && letter <= 'f');
    if (IsDashPosition(i) ? letter != '-' : !hexadecimal) return false;
    boot_id->id[i] = letter;
  }
  return true;
}

int ReadBootId(BootId* boot_id) {
  const int opened = OpenProcFile("/proc/sys/kernel/random/boot_id");
  if (opened < 0) return opened;
  const UniqueFd file(opened);

  char buffer[64];
  const ssize_t length = ReadToEnd(file.get(), buffer, sizeof buffer);
  if (length < 0) return static_cast<int>(length);
  if (!ParseBootId({buffer, static_cast<size_t>(length)}, boot_id)) return -EBADMSG;

  // LXC and systemd-nspawn bind-mount another file over this one, with an id for each container. Such an id
  // distinguishes containers, not boots. The file is on another device than the rest of /proc.
  struct stat id_file;
  struct stat self;
  if (StatDescriptor(file.get(), &id_file) < 0) return -errno;
  const int found = ResultOf(StatPath("/proc/self", &self));
  if (IsShortage(found)) return found;
  boot_id->native = found == 0 && self.st_dev == id_file.st_dev;
  return 0;
}

}  // namespace kernel_identity::system

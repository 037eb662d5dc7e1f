#include "proc_status.h"

#include <unistd.h>

#include <cerrno>
#include <memory>
#include <new>

#include "proc_file.h"
#include "text_fields.h"
#include "unique_fd.h"

namespace kernel_identity::system {
namespace {

constexpr size_t kUsualCapacity = 8192;
// The Groups line comes before NSpid and lists up to 65 536 groups of up to ten digits (credentials(7)).
constexpr size_t kLargestCapacity = 1 << 20;

// Refuses a minus sign, which from_chars accepts.
bool ParsePid(std::string_view digits, pid_t* pid) { return ParseDecimal(digits, pid) && *pid >= 0; }

bool ParseNsPids(std::string_view numbers, ProcStatus* status) {
  TextFields fields(numbers);
  status->levels = 0;
  for (std::string_view field = fields.Next(); !field.empty(); field = fields.Next()) {
    if (status->levels == ProcStatus::kMaxLevels) return false;
    if (!ParsePid(field, &status->ns_pids[status->levels])) return false;
    ++status->levels;
  }
  return true;
}

}  // namespace

bool ParseStatus(std::string_view text, ProcStatus* status) {
  constexpr std::string_view kTgid = "Tgid:";
  constexpr std::string_view kNsPid = "NSpid:";
  bool found_tgid = false;
  status->levels = 0;
  // The kernel escapes newlines in the Name line, so no name can imitate a key at the start of a line.
  while (!text.empty()) {
    const size_t end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (line.starts_with(kTgid)) {
      TextFields fields(line.substr(kTgid.size()));
      if (!ParsePid(fields.Next(), &status->tgid) || !fields.Next().empty()) return false;
      found_tgid = true;
    } else if (line.starts_with(kNsPid)) {
      return ParseNsPids(line.substr(kNsPid.size()), status) && found_tgid;
    }
  }
  return found_tgid;
}

int ReadStatus(pid_t pid, ProcStatus* status) {
  const int opened = OpenProcFile(ProcPath(pid, "status").c_str());
  if (opened < 0) return opened;
  const UniqueFd file(opened);

  char usual[kUsualCapacity];
  std::unique_ptr<char[]> large;
  const char* text = usual;
  ssize_t length = ReadToEnd(file.get(), usual, sizeof usual);
  if (length == -EFBIG) {
    large.reset(new (std::nothrow) char[kLargestCapacity]);
    if (large == nullptr) return -ENOMEM;
    if (::lseek(file.get(), 0, SEEK_SET) < 0) return -errno;
    text = large.get();
    length = ReadToEnd(file.get(), large.get(), kLargestCapacity);
  }
  if (length < 0) return static_cast<int>(length);
  return ParseStatus({text, static_cast<size_t>(length)}, status) ? 0 : -EBADMSG;
}

}  // namespace kernel_identity::system

#include "directory_list.h"

#include <dirent.h>
#include <fcntl.h>

#include <cerrno>
#include <memory>
#include <string_view>

#include "result.h"
#include "unique_fd.h"

namespace kernel_identity::system {
namespace {

struct DirectoryCloser {
  void operator()(DIR* stream) const { ::closedir(stream); }
};

}  // namespace

int ListDirectory(int directory, size_t limit, std::vector<std::string>* names) {
  // fdopendir(3) takes over its descriptor, and one of dup(2) would share the position. So the directory is
  // opened once more.
  const int opened = Uninterrupted(
      [directory] { return ::openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NONBLOCK); });
  if (opened < 0) return opened;
  UniqueFd file(opened);
  const std::unique_ptr<DIR, DirectoryCloser> stream(::fdopendir(file.get()));
  if (stream == nullptr) return -errno;
  file.Release();

  while (names->size() < limit) {
    errno = 0;  // Only errno distinguishes the end from an error (readdir(3)).
    const struct dirent* const entry = ::readdir(stream.get());
    if (entry == nullptr) return -errno;
    const std::string_view name(entry->d_name);
    if (name != "." && name != "..") names->emplace_back(name);
  }
  return 0;
}

}  // namespace kernel_identity::system

#include "change_monitors.h"

#include <sys/inotify.h>

#include <cerrno>
#include <utility>

#include "inotify.h"

namespace kernel_identity::system {

int ChangeMonitors::Open(int directory) {
  UniqueFd monitor = std::move(spare_);
  if (!monitor.valid()) {
    const int opened = OpenInotify();
    if (opened < 0) return opened;
    monitor = UniqueFd(opened);
  }
  const int watch = WatchDirectory(monitor.get(), directory);
  if (watch < 0) {
    spare_ = std::move(monitor);
    return watch;
  }
  watches_[monitor.get()] = watch;
  return monitor.Release();
}

bool ChangeMonitors::TakeBack(int fd) {
  const auto found = watches_.find(fd);
  if (found == watches_.end()) return false;
  const int watch = found->second;
  watches_.erase(found);
  if (spare_.valid()) return false;
  // EINVAL means that the directory is gone, and its watch with it.
  if (::inotify_rm_watch(fd, watch) < 0 && errno != EINVAL) return false;
  DiscardEvents(fd);
  spare_ = UniqueFd(fd);
  return true;
}

}  // namespace kernel_identity::system

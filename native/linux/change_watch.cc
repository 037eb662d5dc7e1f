#include "change_watch.h"

#include <sys/inotify.h>
#include <unistd.h>

#include <algorithm>
#include <climits>
#include <cstddef>
#include <cstring>

#include "inotify.h"

namespace kernel_identity::system {

int ChangeWatch::Open() {
  const int opened = OpenInotify();
  if (opened < 0) return opened;
  inotify_ = UniqueFd(opened);
  return 0;
}

int ChangeWatch::Add(int (*watch)(int inotify, int fd), int fd, uint64_t ticket,
                     std::unique_lock<std::mutex>* lock) {
  for (;;) {
    const uint64_t removals = removals_;
    lock->unlock();
    const int added = watch(inotify_.get(), fd);
    lock->lock();
    if (added < 0) return added;
    // The kernel answers with the watch that is there already. If somebody took one away meanwhile, it may
    // have been that one.
    if (removals != removals_ && !waiting_.contains(added)) continue;
    waiting_[added].push_back(ticket);
    return added;
  }
}

void ChangeWatch::Remove(int watch, uint64_t ticket) {
  const auto found = waiting_.find(watch);
  if (found == waiting_.end()) return;
  std::vector<uint64_t>& tickets = found->second;
  if (std::erase(tickets, ticket) == 0 || !tickets.empty()) return;
  waiting_.erase(found);
  ++removals_;
  // EINVAL: the directory is gone, and IN_IGNORED has not been read yet.
  ::inotify_rm_watch(inotify_.get(), watch);
}

void ChangeWatch::Read(std::vector<uint64_t>* tickets) {
  alignas(struct inotify_event) char buffer[16 * (sizeof(struct inotify_event) + NAME_MAX + 1)];
  const ssize_t length = ::read(inotify_.get(), buffer, sizeof buffer);
  for (ssize_t at = 0; at < length;) {
    struct inotify_event event;
    std::memcpy(&event, buffer + at, sizeof event);
    at += static_cast<ssize_t>(sizeof event + event.len);
    if ((event.mask & IN_Q_OVERFLOW) != 0) {
      // Nobody knows what was dropped, so everybody looks.
      for (const auto& [watch, waiting] : waiting_) {
        tickets->insert(tickets->end(), waiting.begin(), waiting.end());
      }
      continue;
    }
    // Not found: an event from before the removal. Numbers are handed out in a circle, so it takes 2^31
    // further watches until this one could be somebody else's (inotify(7), BUGS).
    const auto found = waiting_.find(event.wd);
    if (found == waiting_.end()) continue;
    tickets->insert(tickets->end(), found->second.begin(), found->second.end());
    // The kernel has dropped the watch itself: what it was on was deleted or its filesystem unmounted.
    if ((event.mask & IN_IGNORED) != 0) waiting_.erase(found);
  }
}

}  // namespace kernel_identity::system

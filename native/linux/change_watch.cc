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

bool ChangeWatch::Add(int watch, uint64_t ticket, uint64_t removals) {
  // The kernel answers with the watch of the same directory or file if there is one already. A watch that was
  // removed in the meantime may have been that one.
  if (removals != removals_ && !waiting_.contains(watch)) return false;
  waiting_[watch].push_back(ticket);
  return true;
}

void ChangeWatch::Remove(int watch, uint64_t ticket) {
  const auto found = waiting_.find(watch);
  if (found == waiting_.end()) return;
  std::vector<uint64_t>& tickets = found->second;
  if (std::erase(tickets, ticket) == 0 || !tickets.empty()) return;
  waiting_.erase(found);
  ++removals_;
  // This fails with EINVAL if the directory was deleted and IN_IGNORED has not been read yet.
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
      // The kernel does not say which events it dropped, so every ticket has to check.
      for (const auto& [watch, waiting] : waiting_) {
        tickets->insert(tickets->end(), waiting.begin(), waiting.end());
      }
      continue;
    }
    // An event from before a removal finds no entry. The kernel reuses a number only after 2^31 further
    // watches (inotify(7), BUGS), so the event cannot belong to another directory.
    const auto found = waiting_.find(event.wd);
    if (found == waiting_.end()) continue;
    tickets->insert(tickets->end(), found->second.begin(), found->second.end());
    // The kernel removed the watch by itself, because the directory or file was deleted or its filesystem was
    // unmounted.
    if ((event.mask & IN_IGNORED) != 0) waiting_.erase(found);
  }
}

}  // namespace kernel_identity::system

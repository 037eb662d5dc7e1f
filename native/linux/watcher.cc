#include "watcher.h"

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <limits>
#include <utility>

#include "inotify.h"
#include "result.h"
#include "witness.h"

namespace kernel_identity::system {
namespace {

// epoll answers with a ticket for the descriptor of a subscription or of a lifeline's signal, and with one of
// these for the others. No ticket ever equals one of them.
constexpr uint64_t kChangesKey = 0;
constexpr uint64_t kStopKey = std::numeric_limits<uint64_t>::max();
constexpr uint64_t kRechecksKey = kStopKey - 1;
constexpr uint64_t kLifelinesKey = kStopKey - 2;

constexpr int kEventsAtOnce = 64;

// The caller may close its descriptor at once, so a subscription has its own. Both share one open file
// description: closing ours would not take it out of the epoll set (epoll(7), Q6), see StopWaitingFor.
int Duplicate(int fd, UniqueFd* duplicate) {
  const int result = ResultOf(::fcntl(fd, F_DUPFD_CLOEXEC, 0));
  if (result < 0) return result;
  *duplicate = UniqueFd(result);
  return 0;
}

}  // namespace

Watcher::~Watcher() {
  const uint64_t one = 1;
  if (stop_.valid()) (void)!::write(stop_.get(), &one, sizeof one);
  thread_.Join();
}

int Watcher::Start() {
  epoll_ = UniqueFd(::epoll_create1(EPOLL_CLOEXEC));
  if (!epoll_.valid()) return -errno;
  stop_ = UniqueFd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!stop_.valid()) return -errno;
  const int added = AddToEpoll(stop_.get(), kStopKey);
  if (added < 0) return added;
  return thread_.Start(
      [](void* self) -> void* {
        Thread::SetName("kernel-identity");
        static_cast<Watcher*>(self)->Run();
        return nullptr;
      },
      this);
}

int Watcher::WatchExit(int pidfd, int32_t* word, uint64_t* ticket) {
  Subscription subscription;
  const int duplicated = Duplicate(pidfd, &subscription.pidfd);
  if (duplicated < 0) return duplicated;
  subscription.word = word;

  const MutexLock lock(&mutex_);
  const uint64_t next = ++last_ticket_;
  const int added = AddToEpoll(subscription.pidfd.get(), next);
  if (added < 0) return added;
  subscriptions_.emplace(next, std::move(subscription));
  *ticket = next;
  return 0;
}

int Watcher::WatchLock(int directory, int pidfd, const Listener& listener, uint64_t* ticket) {
  Subscription subscription;
  if (pidfd >= 0) {
    const int duplicated = Duplicate(pidfd, &subscription.pidfd);
    if (duplicated < 0) return duplicated;
  }
  subscription.listener = listener;

  const MutexLock lock(&mutex_);
  const int opened = OpenChanges();
  if (opened < 0) return opened;
  const uint64_t next = ++last_ticket_;
  subscription.watch = AddWatch(WatchDirectory, directory, next);
  if (subscription.watch < 0) return subscription.watch;
  if (subscription.pidfd.valid()) {
    const int added = AddToEpoll(subscription.pidfd.get(), next);
    if (added < 0) {
      changes_.Remove(subscription.watch, next);
      return added;
    }
  }
  subscriptions_.emplace(next, std::move(subscription));
  *ticket = next;
  return 0;
}

int Watcher::WatchRelease(int file, int32_t* word, uint64_t* ticket) {
  Subscription subscription;
  const int duplicated = Duplicate(file, &subscription.file);
  if (duplicated < 0) return duplicated;
  subscription.word = word;

  const MutexLock lock(&mutex_);
  int opened = OpenChanges();
  if (opened == 0) opened = OpenRechecks();
  if (opened < 0) return opened;
  const uint64_t next = ++last_ticket_;
  subscription.watch = AddWatch(WatchWriters, file, next);
  if (subscription.watch < 0) return subscription.watch;
  subscriptions_.emplace(next, std::move(subscription));
  // The file may have been closed before the watch was added, and the witness becomes free a moment after the
  // close: see ReportChanges.
  rechecks_.Start(next);
  *ticket = next;
  return 0;
}

int Watcher::WatchLifeline(const Lifeline& lifeline, LifelineReport report, uint64_t* ticket) {
  if (Lifelines::OfProcess().Test(lifeline) == LockState::kUntestable) return -ENOTSUP;
  const MutexLock lock(&mutex_);
  const int opened = OpenLifelines();
  if (opened < 0) return opened;
  const uint64_t next = ++last_ticket_;
  if (const UniqueFd* const signal = std::get_if<UniqueFd>(&report)) {
    // The writing end of a pipe has an error once the other end is closed. That is reported once (EPOLLET),
    // because a child that was forked keeps a copy of the descriptor, and with it the entry in the epoll set.
    const int added = AddToEpoll(signal->get(), next, EPOLLET);
    if (added < 0) return added;
  }
  lifelines_.Add(next, lifeline, std::move(report));
  *ticket = next;
  return 0;
}

int Watcher::OpenLifelineSignal(const Lifeline& lifeline, UniqueFd* signal) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0) return -errno;
  UniqueFd reader(ends[0]);
  UniqueFd writer(ends[1]);
  uint64_t ticket = 0;
  const int watched = WatchLifeline(lifeline, std::move(writer), &ticket);
  if (watched == 0) *signal = std::move(reader);
  return watched;
}

void Watcher::Cancel(uint64_t ticket) {
  const MutexLock lock(&mutex_);
  lifelines_.Remove(ticket);
  const auto found = subscriptions_.find(ticket);
  if (found != subscriptions_.end()) End(found);
}

void Watcher::Run() {
  struct epoll_event events[kEventsAtOnce];
  for (;;) {
    const int count = ::epoll_wait(epoll_.get(), events, kEventsAtOnce, -1);
    // EINTR comes in spite of the signal mask when the process was stopped and continued, or is traced. Any
    // other error means that other code in this process closed our descriptors: it would recur at once, for
    // ever.
    if (count < 0 && errno != EINTR) return;
    const MutexLock lock(&mutex_);
    for (int i = 0; i < count; ++i) {
      const uint64_t key = events[i].data.u64;
      if (key == kStopKey) return;
      if (key == kChangesKey) {
        ReportChanges();
      } else if (key == kRechecksKey) {
        Recheck();
      } else if (key == kLifelinesKey) {
        (void)OpenChanges();
        lifelines_.OnTimer();
      } else {
        ReportExit(key);
      }
    }
  }
}

void Watcher::ReportExit(uint64_t ticket) {
  // The ticket may be that of a lifeline's signal whose reader has closed it.
  lifelines_.Remove(ticket);
  // There is no such ticket if it was cancelled after epoll_wait returned. Tickets are never reused.
  const auto found = subscriptions_.find(ticket);
  if (found == subscriptions_.end()) return;
  Subscription& subscription = found->second;
  if (subscription.word != nullptr) {
    WriteWord(found);
    return;
  }
  // The pidfd of an exited process stays readable, and would wake this thread without end.
  StopWaitingFor(&subscription.pidfd);
  subscription.listener.Notify();
}

void Watcher::ReportChanges() {
  tickets_.clear();
  changes_.Read(&tickets_);
  // All lifelines are tested once, however many events there were.
  if (std::erase(tickets_, LifelineWatch::kEventTicket) > 0) lifelines_.OnEvent();
  for (const uint64_t ticket : tickets_) {
    const auto found = subscriptions_.find(ticket);
    if (found == subscriptions_.end()) continue;
    if (found->second.file.valid()) {
      // The kernel reports that a file was closed before it drops the locks on it (__fput in
      // fs/file_table.c), so this thread may check too early. Or another process that had the file open for
      // writing closed it.
      if (!CheckWitness(found)) rechecks_.Start(ticket);
    } else {
      found->second.listener.Notify();
    }
  }
}

void Watcher::Recheck() {
  tickets_.clear();
  rechecks_.TakeDue(&tickets_);
  for (const uint64_t ticket : tickets_) {
    const auto found = subscriptions_.find(ticket);
    if (found != subscriptions_.end()) CheckWitness(found);
  }
}

bool Watcher::CheckWitness(Subscriptions::iterator subscription) {
  if (TestWitness(subscription->second.file.get()) != LockState::kFree) return false;
  WriteWord(subscription);
  return true;
}

void Watcher::WriteWord(Subscriptions::iterator subscription) {
  std::atomic_ref(*subscription->second.word).store(1, std::memory_order_release);
  End(subscription);
}

void Watcher::End(Subscriptions::iterator subscription) {
  const uint64_t ticket = subscription->first;
  StopWaitingFor(&subscription->second.pidfd);
  if (subscription->second.watch >= 0) changes_.Remove(subscription->second.watch, ticket);
  rechecks_.End(ticket);
  subscriptions_.erase(subscription);
}

int Watcher::AddWatch(int (*watch)(int inotify, int fd), int fd, uint64_t ticket) {
  for (;;) {
    const int inotify = changes_.descriptor();
    const uint64_t removals = changes_.removals();
    // The kernel may have to ask a file server. If that server does not answer, the other users of this
    // watcher must not wait for it as well.
    mutex_.Unlock();
    const int added = watch(inotify, fd);
    mutex_.Lock();
    if (added < 0 || changes_.Add(added, ticket, removals)) return added;
  }
}

int Watcher::OpenChanges() {
  if (changes_.opened()) return 0;
  const int opened = changes_.Open();
  if (opened < 0) return opened;
  const int added = AddToEpoll(changes_.descriptor(), kChangesKey);
  // It is closed again, because the next caller would take an open inotify instance for one that works.
  if (added < 0) changes_ = ChangeWatch();
  return added;
}

int Watcher::OpenRechecks() {
  if (rechecks_.opened()) return 0;
  const int opened = rechecks_.Open();
  if (opened < 0) return opened;
  const int added = AddToEpoll(rechecks_.descriptor(), kRechecksKey);
  if (added < 0) rechecks_ = Rechecks();
  return added;
}

int Watcher::OpenLifelines() {
  // Without an inotify instance the lifelines are polled.
  (void)OpenChanges();
  if (lifelines_.opened()) return 0;
  const int opened = lifelines_.Open();
  if (opened < 0) return opened;
  const int added = AddToEpoll(lifelines_.descriptor(), kLifelinesKey);
  if (added < 0) lifelines_.Close();
  return added;
}

int Watcher::AddToEpoll(int fd, uint64_t key, uint32_t events) {
  struct epoll_event event = {};
  event.events = events;
  event.data.u64 = key;
  return ResultOf(::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event));
}

void Watcher::StopWaitingFor(UniqueFd* fd) {
  if (!fd->valid()) return;
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd->get(), nullptr);
  *fd = UniqueFd();
}

}  // namespace kernel_identity::system

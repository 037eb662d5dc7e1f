#include "lifelines.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "fork_handlers.h"
#include "inotify.h"
#include "result.h"
#include "stat_calls.h"

namespace kernel_identity::system {
namespace {

/** Draws a random offset. 0 or -errno. */
int DrawOffset(uint64_t* offset) {
  uint64_t random = 0;
  // The call is made by its number, because only glibc 2.25 and later have a wrapper.
  const int length =
      Uninterrupted([&] { return static_cast<int>(::syscall(SYS_getrandom, &random, sizeof random, 0)); });
  if (length < 0) return length;
  if (length != sizeof random) return -EIO;
  *offset = random % kByteOffsets;
  return 0;
}

}  // namespace

Lifelines& Lifelines::OfProcess() {
  static auto* const lifelines = new Lifelines();
  return *lifelines;
}

int Lifelines::TakeOfProcess(Lifeline* lifeline) {
  const MutexLock lock(&mutex_);
  if (of_process_ == kByteOffsets) {
    uint64_t drawn = 0;
    const int error = DrawOffset(&drawn);
    if (error < 0) return error;
    of_process_ = drawn;
  }
  return TakeLocked(of_process_, lifeline);
}

int Lifelines::Take(uint64_t offset, Lifeline* lifeline) {
  const MutexLock lock(&mutex_);
  return TakeLocked(offset, lifeline);
}

int Lifelines::TakeInheritable(uint64_t offset, Lifeline* lifeline, UniqueFd* descriptor) {
  const MutexLock lock(&mutex_);
  return TakeLocked(offset, lifeline, descriptor);
}

int Lifelines::TakeThrough(int fd, const Lifeline& lifeline) {
  NamespaceFile file;
  const int opened = OpenLifelineSpace(lifeline.space, &file);
  if (opened < 0) return opened;
  struct stat status;
  if (StatDescriptor(fd, &status) < 0) return -errno;
  if (status.st_dev != file.device || status.st_ino != file.inode) return -EXDEV;
  return TakeByte(fd, lifeline.offset);
}

int Lifelines::TakeLocked(uint64_t offset, Lifeline* lifeline, UniqueFd* apart) {
  if (!RegisterForFork()) return -ENOTSUP;
  LifelineSpace kind = LifelineSpace::kTime;
  int taken = apart == nullptr ? TakeIn(kind, offset) : TakeApart(kind, offset, apart);
  // The initial user namespace serves only where the time namespace cannot, because rootless containers have
  // a user namespace of their own and could not test the byte.
  if (IsSpaceMissing(taken)) {
    kind = LifelineSpace::kUser;
    taken = apart == nullptr ? TakeIn(kind, offset) : TakeApart(kind, offset, apart);
  }
  if (taken < 0) return taken;
  *lifeline = {.space = kind, .offset = offset};
  return 0;
}

void Lifelines::Drop(const Lifeline& lifeline) {
  const MutexLock lock(&mutex_);
  Space& space = Of(lifeline.space);
  if (lifeline.offset == of_process_ || space.own.erase(lifeline.offset) == 0) return;
  if (!IsStillOpen(space.file)) return;
  DropByte(space.file.fd.get(), lifeline.offset);
  // The kernel reports closes and no unlocking, so another description of the file is closed for those who
  // watch.
  NamespaceFile bell;
  (void)OpenLifelineSpace(lifeline.space, &bell);
}

void Lifelines::KeepOwn() {
  const MutexLock lock(&mutex_);
  for (const LifelineSpace kind : {LifelineSpace::kTime, LifelineSpace::kUser}) {
    Space& space = Of(kind);
    // For want of a descriptor it fails, and the next beat tries again.
    if (!space.own.empty()) (void)Open(&space, kind);
  }
}

LockState Lifelines::Test(const Lifeline& lifeline) {
  const MutexLock lock(&mutex_);
  Space& space = Of(lifeline.space);
  if (space.own.contains(lifeline.offset)) {
    return Open(&space, lifeline.space) < 0 ? LockState::kUntestable : LockState::kHeld;
  }
  if (space.file.fd.valid()) {
    const LockState state = TestByteOf(space.file, lifeline.offset);
    // The descriptor is checked after the test, and only where the byte was not seen held: a check takes as
    // long as a test. Where other code has closed the descriptor, the byte is tested once more, through a new
    // one.
    if (state != LockState::kUntestable || IsStillOpen(space.file)) return state;
  }
  if (Open(&space, lifeline.space) < 0) return LockState::kUntestable;
  return TestByteOf(space.file, lifeline.offset);
}

int Lifelines::AddWatch(int inotify, LifelineSpace kind) {
  const MutexLock lock(&mutex_);
  Space& space = Of(kind);
  const int opened = Open(&space, kind);
  return opened < 0 ? opened : WatchReaders(inotify, space.file.fd.get());
}

int Lifelines::List(LifelineSpace kind, size_t limit, LifelineList* list) {
  const MutexLock lock(&mutex_);
  Space& space = Of(kind);
  const int opened = Open(&space, kind);
  if (opened < 0) return opened;
  for (const uint64_t offset : space.own) list->found.push_back({.space = kind, .offset = offset});
  // GETLK answers with the first conflict in the order of the kernel's list, not with the lowest one, so a
  // walk forward would miss most. Splitting the range at each answer finds all n lifelines in 2 n + 1 calls.
  std::vector<std::pair<uint64_t, uint64_t>> ranges = {{0, kByteOffsets}};
  size_t answers = list->found.size();
  while (!ranges.empty()) {
    // Every answer counts and not only every lifeline, because the locks of a stranger have no bound.
    if (answers >= limit) {
      list->truncated = true;
      return 0;
    }
    const auto [start, end] = ranges.back();
    ranges.pop_back();
    Conflict conflict;
    const int found = FindConflict(space.file.fd.get(), start, end - start, &conflict);
    if (found < 0) return found;
    if (!conflict.found) continue;
    ++answers;
    const uint64_t past = conflict.length == 0 ? kByteOffsets : conflict.start + conflict.length;
    if (conflict.is_byte_lock && conflict.length == 1) {
      list->found.push_back({.space = kind, .offset = conflict.start});
    } else {
      list->obscured = true;
    }
    if (conflict.start > start) ranges.emplace_back(start, conflict.start);
    if (past < end) ranges.emplace_back(past, end);
  }
  // Without this check a descriptor that became another file's would read as an empty kernel.
  return IsStillOpen(space.file) ? 0 : -EBADF;
}

uint64_t Lifelines::losses() {
  const MutexLock lock(&mutex_);
  return losses_;
}

/** Makes sure that the descriptor of the space is the one that was opened, with all own bytes on it. */
int Lifelines::Open(Space* space, LifelineSpace kind) {
  if (IsStillOpen(space->file)) return 0;
  // The number belongs to other code by now, so it is given up and not closed.
  (void)space->file.fd.Release();
  const int opened = OpenLifelineSpace(kind, &space->file);
  if (opened < 0) return opened;
  if (space->own.empty()) return 0;
  ++losses_;
  for (const uint64_t offset : space->own) {
    const int taken = TakeByte(space->file.fd.get(), offset);
    if (taken < 0) {
      space->file = {};
      return taken;
    }
  }
  return 0;
}

int Lifelines::TakeIn(LifelineSpace kind, uint64_t offset) {
  Space& space = Of(kind);
  const int opened = Open(&space, kind);
  if (opened < 0) return opened;
  const int taken = TakeByte(space.file.fd.get(), offset);
  if (taken < 0) return taken;
  const int seen = MakeSureOthersSee(&space, kind, offset);
  if (seen < 0) {
    DropByte(space.file.fd.get(), offset);
    return seen;
  }
  space.own.insert(offset);
  return 0;
}

/**
 * The byte does not enter the table of the process, because it is not one that the shared descriptor has to
 * hold. Testing it through that descriptor is right as well: it is held by another description.
 */
int Lifelines::TakeApart(LifelineSpace kind, uint64_t offset, UniqueFd* descriptor) {
  NamespaceFile file;
  const int opened = OpenLifelineSpace(kind, &file);
  if (opened < 0) return opened;
  const int taken = TakeByte(file.fd.get(), offset);
  if (taken < 0) return taken;
  const int seen = MakeSureOthersSee(&Of(kind), kind, offset);
  if (seen < 0) return seen;
  *descriptor = std::move(file.fd);
  return 0;
}

int Lifelines::MakeSureOthersSee(Space* space, LifelineSpace kind, uint64_t offset) {
  if (space->visibility == Visibility::kNotTried) {
    NamespaceFile other;
    const int opened = OpenLifelineSpace(kind, &other);
    if (opened < 0) return opened;
    Conflict conflict;
    const int tested = FindConflict(other.fd.get(), offset, 1, &conflict);
    if (tested < 0) return tested;
    space->visibility = conflict.found ? Visibility::kSeen : Visibility::kNotSeen;
  }
  return space->visibility == Visibility::kSeen ? 0 : -ENOTSUP;
}

bool Lifelines::RegisterForFork() {
  if (!registered_) registered_ = RegisterForkHandlers(LockForFork, UnlockAfterFork, ForgetInChild);
  return registered_;
}

void Lifelines::LockForFork() { OfProcess().mutex_.Lock(); }

void Lifelines::UnlockAfterFork() { OfProcess().mutex_.Unlock(); }

void Lifelines::ForgetInChild() {
  Lifelines& lifelines = OfProcess();
  for (Space& space : lifelines.spaces_) {
    // The descriptor is closed only if it is still ours. The description lives on in the parent.
    if (!IsStillOpen(space.file)) (void)space.file.fd.Release();
    space.file = {};
    space.own.clear();
  }
  lifelines.of_process_ = kByteOffsets;
  lifelines.mutex_.Unlock();
}

}  // namespace kernel_identity::system

#pragma once

#include <array>
#include <cstdint>
#include <set>
#include <vector>

#include "lifeline_space.h"
#include "mutex.h"
#include "thread_annotations.h"

namespace kernel_identity::system {

/** One lifeline: a byte of a space. */
struct Lifeline {
  LifelineSpace space = LifelineSpace::kTime;
  uint64_t offset = 0;

  bool operator==(const Lifeline&) const = default;
};

/** What a search of a space found. */
struct LifelineList {
  std::vector<Lifeline> found;
  /** The search stopped at its limit. */
  bool truncated = false;
  /** A lock of another kind or length stands in the way of some bytes, which may be lifelines. */
  bool obscured = false;
};

/**
 * The lifelines of this process, for all threads that use this copy of the library. Each space has one
 * descriptor, which is opened at the first use and never closed: closing any descriptor of the file makes the
 * kernel walk the list of all lifelines (23 us at 1 000 of them), and the bytes are to be dropped only when
 * the process ends.
 */
class Lifelines {
 public:
  /** The table of this process. It is never deleted, because a thread may use it while the process exits. */
  static Lifelines& OfProcess();

  /**
   * Takes the byte of the process itself, or makes sure that it is still held. Its offset is random, drawn
   * once. 0 or -errno. A failure is not remembered: a process that had no descriptor left may have one at the
   * next call.
   */
  int TakeOfProcess(Lifeline* lifeline);
  /** Takes the byte at this offset. 0 or -errno. */
  int Take(uint64_t offset, Lifeline* lifeline);
  /**
   * Takes the byte at this offset on an open file description of its own. A child process that inherits a
   * copy of the descriptor holds the byte as well, and the byte of nothing else. The descriptor belongs to
   * the caller: the byte is held until the last copy is closed. It is close-on-exec in this process, and
   * stays open across a fork, because a child process gets its copy in no other way. 0 or -errno.
   */
  int TakeInheritable(uint64_t offset, Lifeline* lifeline, UniqueFd* descriptor);
  /**
   * Takes a byte through a descriptor of the caller's, on a description that this process may share with
   * others: it is held until the last copy of that descriptor is closed, in whatever process. 0 or -errno;
   * -EXDEV for a descriptor that is not open on the file of the lifeline's space.
   */
  static int TakeThrough(int fd, const Lifeline& lifeline);
  /**
   * Drops a byte that {@link Take} took, and has the kernel report it to those who watch the space. Any other
   * is left alone.
   */
  void Drop(const Lifeline& lifeline);

  /** Takes the bytes of this process again where other code closed their descriptor. Call it at every beat.
   */
  void KeepOwn();

  /** Takes no lock. For bytes of this process it makes sure that they are held, and answers from memory. */
  LockState Test(const Lifeline& lifeline);

  /**
   * Has the inotify instance report each close of the space's file by any process of the kernel: a process
   * that ends closes it. A watch descriptor or -errno.
   */
  int AddWatch(int inotify, LifelineSpace space);

  /** Finds the lifelines of a space. It ends after `limit` locks, of whatever kind. 0 or -errno. */
  int List(LifelineSpace space, size_t limit, LifelineList* list);

  /** How often the bytes of this process were lost, because other code of it closed their descriptor. */
  uint64_t losses();

 private:
  enum class Visibility { kNotTried, kSeen, kNotSeen };

  struct Space {
    NamespaceFile file;
    std::set<uint64_t> own;
    Visibility visibility = Visibility::kNotTried;
  };

  Lifelines() = default;

  int Open(Space* space, LifelineSpace kind) REQUIRES(mutex_);
  int TakeIn(LifelineSpace kind, uint64_t offset) REQUIRES(mutex_);
  int TakeApart(LifelineSpace kind, uint64_t offset, UniqueFd* descriptor) REQUIRES(mutex_);
  Space& Of(LifelineSpace kind) REQUIRES(mutex_) { return spaces_[static_cast<size_t>(kind)]; }

  /**
   * Tests a byte that was just taken through another description, once for each space: a sandbox may accept a
   * lock and show it to no other process, and a lifeline that nobody sees would read as a death. 0 or -errno;
   * -ENOTSUP when it is not seen.
   */
  int MakeSureOthersSee(Space* space, LifelineSpace kind, uint64_t offset) REQUIRES(mutex_);
  /** `apart` is null for a byte on the description that the whole process shares. */
  int TakeLocked(uint64_t offset, Lifeline* lifeline, UniqueFd* apart = nullptr) REQUIRES(mutex_);

  /**
   * Has a forked child close its copies of the descriptors. A child that never calls exec would otherwise
   * hold the bytes for as long as it lives.
   */
  bool RegisterForFork() REQUIRES(mutex_);
  // The lock is held from the first of these to one of the others, so that a child finds a whole table.
  static void LockForFork() NO_THREAD_SAFETY_ANALYSIS;
  static void UnlockAfterFork() NO_THREAD_SAFETY_ANALYSIS;
  static void ForgetInChild() NO_THREAD_SAFETY_ANALYSIS;

  Mutex mutex_;
  std::array<Space, kLifelineSpaces> spaces_ GUARDED_BY(mutex_);
  /** The offset of the process itself. Until it is drawn, a number above all offsets. */
  uint64_t of_process_ GUARDED_BY(mutex_) = kByteOffsets;
  uint64_t losses_ GUARDED_BY(mutex_) = 0;
  bool registered_ GUARDED_BY(mutex_) = false;
};

}  // namespace kernel_identity::system

#pragma once

#include <array>
#include <cstdint>
#include <mutex>
#include <set>
#include <vector>

#include "lifeline_space.h"

namespace kernel_identity::system {

/** A byte of a space. */
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
 * kernel walk the list of all lifelines (23 us at 1 000 of them), and the end of the process is what shall
 * drop the bytes.
 */
class Lifelines {
 public:
  /** The one of this process. It exists for ever, since a thread may still use it while the process exits. */
  static Lifelines& OfProcess();

  /**
   * Takes the byte of the process itself, or makes sure that it is still held. Its offset is random, drawn
   * once. 0 or -errno. A failure is not remembered: a process that had no descriptor left may have one at the
   * next call.
   */
  int TakeOfProcess(Lifeline* lifeline);
  /** Takes a byte at this offset: as above. */
  int Take(uint64_t offset, Lifeline* lifeline);
  /** Gives a byte back that {@link Take} took. Any other is left alone. */
  void Drop(const Lifeline& lifeline);

  /** Takes no lock. The own bytes are answered from memory, after making sure that they are still held. */
  LifelineState Test(const Lifeline& lifeline);

  /** Finds the lifelines of a space, at most `limit`. 0 or -errno. */
  int List(LifelineSpace space, size_t limit, LifelineList* list);

  /** How often the own bytes were found lost, because other code of this process closed their descriptor. */
  uint64_t losses();

 private:
  struct Space {
    NamespaceFile file;
    std::set<uint64_t> own;
  };

  Lifelines() = default;

  int Open(Space* space, LifelineSpace kind);
  int TakeIn(LifelineSpace kind, uint64_t offset);
  Space& Of(LifelineSpace kind) { return spaces_[static_cast<size_t>(kind)]; }

  int TakeLocked(uint64_t offset, Lifeline* lifeline);

  /**
   * Has a forked child close its copies of the descriptors. A child that never calls exec would otherwise
   * hold the bytes for as long as it lives.
   */
  bool RegisterForFork();
  static void LockForFork();
  static void UnlockAfterFork();
  static void ForgetInChild();

  std::mutex mutex_;
  std::array<Space, kLifelineSpaces> spaces_;
  /** Above all offsets: none has been drawn. */
  uint64_t of_process_ = kLifelineOffsets;
  uint64_t losses_ = 0;
  bool registered_ = false;
};

}  // namespace kernel_identity::system

#pragma once

#include <stdint.h>

/**
 * What the addons for Windows and macOS ask their kernel, and nothing more: files stay with plain Node. Each
 * system has its own file of each function, in native/windows and native/darwin. They know no JavaScript.
 *
 * These addons are linked without a C++ library, because every system lacks that of another. So there are no
 * exceptions, no `new`, no containers, and no statics with constructors here.
 */
namespace kernel_identity::thin {

enum class Answer {
  kOk,
  /** No process has the number. */
  kNoProcess,
  /** The system does not say: forbidden, or an error that proves nothing. */
  kHidden,
  /** Memory or handles have run out, perhaps for a moment only, so that nothing was learned. */
  kShortage,
  /** This system cannot do that. */
  kUnsupported,
};

/** What the kernel shows of a process. */
struct Sight {
  /** Microseconds since 1970 by the wall clock of that moment. It does not move when that clock is set. 0:
   * not known. */
  uint64_t started;
  /** A number that the kernel gives to no second process within a boot. 0: not known. */
  uint64_t key;
  /** All its threads have ended, though the system may still keep its number. */
  bool has_exited;
};

/** Looks at the process that has the number `pid` now. */
Answer Probe(uint32_t pid, Sight* sight);

/** Longest text of {@link ReadBoot}, with its final 0. */
constexpr int kBootTextSize = 128;

/** Writes a text that is equal in all processes of one boot of this machine, and in no others. False: not
 * known. */
bool ReadBoot(char (&text)[kBootTextSize]);

/** Whether the number of a process means the same process to all others of this kernel. False also if not
 * known. */
bool AreNumbersShared();

/** Longest name of {@link ReadVolume}, with its final 0. */
constexpr int kVolumeNameSize = 32;

#ifdef _WIN32
using PathCharacter = char16_t;
#else
using PathCharacter = char;
#endif

/**
 * Writes the name of the filesystem that the file at `path` is on, such as `NTFS` or `apfs`. False where it
 * is none of this machine's own disks, or where that is not known.
 */
bool ReadVolume(const PathCharacter* path, char (&name)[kVolumeNameSize]);

enum class LockState { kHeld, kFree, kUntestable };

/**
 * Whether a process has the witness on the file of this descriptor, which is open for reading. It takes no
 * lock. On Windows always `kUntestable`: an open file has no lock that another handle shows, so Node opens
 * the file itself.
 */
LockState TestWitness(int descriptor);

/** Called in a thread of the system. */
using Handler = void (*)(void* context);

/** A watch that was begun. */
struct Watch;

/**
 * Calls `handler` once, when the process that has the number `pid` now has exited. The caller looks at the
 * process again afterwards, because between its last look and this call the number may have been given to
 * another.
 * @returns `kOk` and a watch, for {@link StopWatching}.
 */
Answer WatchEnd(uint32_t pid, Handler handler, void* context, Watch** watch);

/**
 * Calls `handler` once when {@link TestWitness} finds the witness on the file of this descriptor free, and
 * each time when the file is renamed or deleted. The descriptor belongs to the caller again when the call
 * returns. `kUnsupported` on Windows: it has no event for that which keeps no lock from being renamed.
 */
Answer WatchFile(int descriptor, Handler handler, void* context, Watch** watch);

/** Like {@link WatchFile}, but calls `handler` only when the witness is free. The watch is over then. */
Answer WatchRelease(int descriptor, Handler handler, void* context, Watch** watch);

/** After it returns the handler does not run, and will not. Never call it in the handler. */
void StopWatching(Watch* watch);

/** Memory that is filled with zeros. null: there is none left. */
void* Allocate(unsigned size);
void Free(void* memory);

}  // namespace kernel_identity::thin

#pragma once

#include <cstdint>

#include "lock_state.h"

namespace kernel_identity::system {

// An open-file-description read lock (fcntl(2)) on one byte. It can be taken through a descriptor that is
// open for reading only, also on a directory and on a file of nsfs, where nobody gets a write lock. Two
// processes can hold the same byte at once, so an owner chooses one at random.

/** Offsets have 62 bits: off_t is signed, and a lock of one byte must end below its largest value. */
constexpr uint64_t kByteOffsets = uint64_t{1} << 62;

/** Takes the byte through this description. 0 or -errno. Taking it again changes nothing. */
int TakeByte(int fd, uint64_t offset);
/** 0 or -errno. */
int DropByte(int fd, uint64_t offset);

/** What F_OFD_GETLK finds in the way of a write lock on a range. */
struct Conflict {
  bool found = false;
  /** An open-file-description read lock: the only kind that {@link TakeByte} takes. */
  bool is_byte_lock = false;
  uint64_t start = 0;
  /** 0: up to the end of the file. */
  uint64_t length = 0;
};

/** Finds the first conflict in a range (`length` 0: up to the end). It takes no lock. 0 or -errno. */
int FindConflict(int fd, uint64_t start, uint64_t length, Conflict* conflict);

/**
 * Whether another description holds exactly this byte. The description's own byte never conflicts with itself
 * and reads as free, so the caller answers for its own bytes from memory.
 */
LockState TestByte(int fd, uint64_t offset);

}  // namespace kernel_identity::system

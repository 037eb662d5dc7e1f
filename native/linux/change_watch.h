#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <vector>

#include "unique_fd.h"

namespace kernel_identity::system {

/**
 * Who waits for changes of which directory or file, all on one inotify instance: a user may have 128 of them
 * in all by default. Guarded by the lock of its owner.
 */
class ChangeWatch {
 public:
  bool opened() const { return inotify_.valid(); }
  /** 0 or -errno. */
  int Open();
  /** To be polled; readable when {@link Read} has something to tell. */
  int descriptor() const { return inotify_.get(); }

  /**
   * Watches what is open for the ticket, `watch` being WatchDirectory or WatchWriters: a watch descriptor or
   * -errno. Lets the lock go meanwhile, because the kernel may have to ask a file server, and one that does
   * not answer must not hold up everybody.
   */
  int Add(int (*watch)(int inotify, int fd), int fd, uint64_t ticket, std::unique_lock<std::mutex>* lock);
  void Remove(int watch, uint64_t ticket);

  /** Takes what has happened from the kernel and appends the tickets it concerns, some perhaps repeatedly. */
  void Read(std::vector<uint64_t>* tickets);

 private:
  UniqueFd inotify_;
  std::map<int, std::vector<uint64_t>> waiting_;
  /** How many watches were taken from the kernel. */
  uint64_t removals_ = 0;
};

}  // namespace kernel_identity::system

#pragma once

#include <pthread.h>

namespace kernel_identity::system {

/**
 * A thread of the process that no signal ever reaches, so that handlers run where they would without it.
 * Joined at the latest when this object goes; whoever owns it makes the work end before.
 */
class Thread {
 public:
  using Work = void* (*)(void* context);

  Thread() = default;
  Thread(const Thread&) = delete;
  Thread& operator=(const Thread&) = delete;
  ~Thread() { Join(); }

  /** 0 or -errno: -EAGAIN where the limits of user, control group or kernel allow no further thread. */
  int Start(Work work, void* context);
  void Join();

  /** Names the calling thread for ps(1) and /proc/<pid>/task; at most 15 characters. */
  static void SetName(const char* name);

 private:
  pthread_t thread_ = {};
  bool started_ = false;
};

}  // namespace kernel_identity::system

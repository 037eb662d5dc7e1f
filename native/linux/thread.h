#pragma once

#include <pthread.h>

namespace kernel_identity::system {

/**
 * A thread that no signal ever reaches, so that signal handlers run in the threads in which they would run
 * without it. The destructor joins the thread; the owner must make the work end before that.
 */
class Thread {
 public:
  using Work = void* (*)(void* context);

  Thread() = default;
  Thread(const Thread&) = delete;
  Thread& operator=(const Thread&) = delete;
  ~Thread() { Join(); }

  /** 0 or -errno; -EAGAIN when a limit of the user, control group or kernel allows no further thread. */
  int Start(Work work, void* context);
  void Join();

  /** Names the calling thread for ps(1) and /proc/<pid>/task. The name has at most 15 characters. */
  static void SetName(const char* name);

 private:
  pthread_t thread_ = {};
  bool started_ = false;
};

}  // namespace kernel_identity::system

#pragma once

#include <string>

namespace kernel_identity::system {

struct Capability {
  bool available;
  /** What was tried and what was answered, in words for a person. */
  std::string reason;
};

struct Capabilities {
  Capability pidfd;
  Capability pidfd_inode;
  Capability namespace_id;
  Capability take_witness;
  Capability test_witness;
  Capability lifeline;
  Capability rename_no_replace;
};

/**
 * Tries each of them, because seccomp filters can refuse a call that the kernel's version promises. 0 or
 * -errno: an error of {@link IsShortage} that a call met, so that nothing can be concluded.
 */
int ProbeCapabilities(Capabilities* capabilities);

/**
 * Watches a directory in the way in which an owner watches that of its lock. EMFILE is no shortage here:
 * mostly the user has no inotify instance left, which lasts.
 *
 * This is apart from {@link ProbeCapabilities}, which the first lock of a process needs: close(2) of an
 * inotify instance that had a watch waits for a grace period of the kernel, up to 20 ms.
 */
Capability ProbeLossEvents();

}  // namespace kernel_identity::system

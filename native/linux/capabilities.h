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
  Capability loss_events;
  Capability rename_no_replace;
};

/**
 * Tries each of them, because seccomp filters can refuse a call that the kernel's version promises. 0 or
 * -errno: an error of {@link IsShortage} that a call met, so that nothing can be concluded.
 */
int ProbeCapabilities(Capabilities* capabilities);

}  // namespace kernel_identity::system

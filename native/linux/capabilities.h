#pragma once

#include <string>

namespace kernel_identity::system {

struct Capability {
  bool available;
  /** For a person: what was tried and what came of it. */
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

/** Tries each of them. Seccomp filters answer whatever they like, so kernel versions tell nothing. */
Capabilities ProbeCapabilities();

}  // namespace kernel_identity::system

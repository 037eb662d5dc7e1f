#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>

namespace kernel_identity::system {

struct PidNamespace {
  /** The inode of /proc/<pid>/ns/pid. The kernel may reuse the number once the namespace is gone. */
  uint64_t inode;
  /** The answer of NS_GET_ID, unique within a boot. None before kernel 6.18, or without permission. */
  std::optional<uint64_t> id;
};

/** Reads the PID namespace of the process `pid`, or of the caller for 0. 0 or -errno. */
int ReadPidNamespace(pid_t pid, PidNamespace* pid_namespace);

/** Whether the process is in the PID namespace with this inode. Also false when that cannot be read. */
bool IsInPidNamespace(pid_t pid, uint64_t inode);

/** NS_GET_ID of the caller's own PID namespace: 0 or -errno. */
int ReadOwnNamespaceId(uint64_t* id);

}  // namespace kernel_identity::system

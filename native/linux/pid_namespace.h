#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>

namespace kernel_identity::system {

struct PidNamespace {
  /** Of /proc/<pid>/ns/pid. The kernel hands the number to another namespace once this one is gone. */
  uint64_t inode;
  /** NS_GET_ID: never handed out twice within a boot. None before kernel 6.18, or without the right to ask.
   */
  std::optional<uint64_t> id;
};

/** Of the process `pid`, or of the caller for 0. 0 or -errno. */
int ReadPidNamespace(pid_t pid, PidNamespace* pid_namespace);

/** Whether the process is of the PID namespace with this inode. False also where that cannot be read. */
bool IsInPidNamespace(pid_t pid, uint64_t inode);

/** NS_GET_ID of the caller's own PID namespace: 0 or -errno. */
int ReadOwnNamespaceId(uint64_t* id);

}  // namespace kernel_identity::system

#pragma once

#include <napi.h>

#include <optional>

#include "../linux/capabilities.h"
#include "../linux/change_monitors.h"
#include "../linux/file_status.h"
#include "../linux/filesystem.h"
#include "../linux/pidfd.h"
#include "descriptors.h"
#include "last_object.h"
#include "lifeline_set.h"
#include "object_shape.h"
#include "subscriptions.h"
#include "values.h"

namespace kernel_identity::binding {

/** The state of one JavaScript environment, which is the main thread or one worker. No state is global. */
struct Environment {
  explicit Environment(Napi::Env env)
      : process_stat(env, {"state", "threads", "startTicks"}),
        pidfd_probe(env, {"inode", "exited"}),
        open_directory(env, {"descriptor", "device", "inode"}),
        open_file(env, {"descriptor", "status", "filesystem"}),
        open_text(env, {"descriptor", "status", "filesystem", "text"}),
        file_status(env, {"kind", "device", "inode", "links", "size", "mtimeMs", "ctimeMs"}),
        filesystem(env, {"type", "fsid"}) {}

  DescriptorSet descriptors;
  system::ChangeMonitors monitors;
  LifelineSet lifelines;
  // This is declared after the descriptors, so that it is destroyed before them: nothing is touched or
  // watched through a closed descriptor.
  Subscriptions subscriptions;
  system::PidfsDevice pidfs;
  std::optional<system::Capabilities> capabilities;
  std::optional<system::Capability> loss_events;
  ObjectShape process_stat;
  ObjectShape pidfd_probe;
  LastObject<system::PidfdProbe> last_pidfd_probe;
  ObjectShape open_directory;
  ObjectShape open_file;
  ObjectShape open_text;
  ObjectShape file_status;
  /** Used by openText only: a waiter reads the same file repeatedly, other calls get different files. */
  LastObject<system::FileStatus> last_read_status;
  ObjectShape filesystem;
  LastObject<system::Filesystem> last_filesystem;
};

/** The environment of the function that JavaScript is calling. */
inline Environment& EnvironmentOf(const Napi::CallbackInfo& info) {
  return *static_cast<Environment*>(info.Data());
}

/** Gives a descriptor to JavaScript. */
inline Napi::Value HandOver(const Napi::CallbackInfo& info, int fd) {
  Environment& environment = EnvironmentOf(info);
  environment.descriptors.Add(fd);
  // If the number was that of a monitor before, other code has closed that monitor.
  environment.monitors.Forget(fd);
  return NumberValue(info.Env(), fd);
}

}  // namespace kernel_identity::binding

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

/** What lives as long as one JavaScript environment: the main thread, or one worker. Nothing is global. */
struct Environment {
  explicit Environment(Napi::Env env)
      : process_stat(env, {"state", "threads", "startTicks"}),
        pidfd_sight(env, {"inode", "exited"}),
        open_directory(env, {"descriptor", "device", "inode"}),
        open_file(env, {"descriptor", "status", "filesystem"}),
        open_text(env, {"descriptor", "status", "filesystem", "text"}),
        file_status(env, {"kind", "device", "inode", "links", "size", "mtimeMs", "ctimeMs"}),
        filesystem(env, {"type", "fsid"}) {}

  DescriptorSet descriptors;
  system::ChangeMonitors monitors;
  LifelineSet lifelines;
  // After the descriptors, so that it goes before them: nothing is touched or watched through a closed one.
  Subscriptions subscriptions;
  system::PidfsDevice pidfs;
  std::optional<system::Capabilities> capabilities;
  ObjectShape process_stat;
  ObjectShape pidfd_sight;
  LastObject<system::PidfdProbe> last_sight;
  ObjectShape open_directory;
  ObjectShape open_file;
  ObjectShape open_text;
  ObjectShape file_status;
  /** Of a file that was read; of others it is another one each time. */
  LastObject<system::FileStatus> last_read_status;
  ObjectShape filesystem;
  LastObject<system::Filesystem> last_filesystem;
};

/** That of the function being called. */
inline Environment& EnvironmentOf(const Napi::CallbackInfo& info) {
  return *static_cast<Environment*>(info.Data());
}

/** Gives a descriptor to JavaScript. */
inline Napi::Value HandOver(const Napi::CallbackInfo& info, int fd) {
  Environment& environment = EnvironmentOf(info);
  environment.descriptors.Add(fd);
  // If it was a monitor's number before, that one was closed by other means than ours.
  environment.monitors.Forget(fd);
  return NumberValue(info.Env(), fd);
}

}  // namespace kernel_identity::binding

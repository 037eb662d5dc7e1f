#pragma once

#include <napi.h>

#include "../linux/file_status.h"
#include "../linux/filesystem.h"

namespace kernel_identity::binding {

// Makes the objects that src/backend/backend.ts declares for files.

Napi::Value FileStatusValue(const Napi::CallbackInfo& info, const system::FileStatus& status);

Napi::Value FilesystemValue(const Napi::CallbackInfo& info, const system::Filesystem& filesystem);

}  // namespace kernel_identity::binding

#pragma once

#include <napi.h>

#include "../linux/file_status.h"
#include "../linux/filesystem.h"

namespace kernel_identity::binding {

// What is told of files, as the objects of src/backend/backend.ts.

Napi::Value FileStatusValue(const Napi::CallbackInfo& info, const system::FileStatus& status);

Napi::Value FilesystemValue(const Napi::CallbackInfo& info, const system::Filesystem& filesystem);

}  // namespace kernel_identity::binding

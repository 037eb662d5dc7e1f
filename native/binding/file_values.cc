#include "file_values.h"

#include <cinttypes>
#include <cstdio>

#include "environment.h"
#include "values.h"

namespace kernel_identity::binding {
namespace {

const char* KindName(system::FileKind kind) {
  switch (kind) {
    case system::FileKind::kFile:
      return "file";
    case system::FileKind::kDirectory:
      return "directory";
    case system::FileKind::kSymlink:
      return "symlink";
    case system::FileKind::kOther:
      break;
  }
  return "other";
}

Napi::Value MillisecondsValue(Napi::Env env, int64_t seconds, int64_t nanoseconds) {
  return NumberValue(env, static_cast<double>(seconds) * 1e3 + static_cast<double>(nanoseconds) / 1e6);
}

}  // namespace

Napi::Value FileStatusValue(const Napi::CallbackInfo& info, const system::FileStatus& status) {
  const Napi::Env env = info.Env();
  return EnvironmentOf(info).file_status.Make(
      env, {AsciiValue(env, KindName(status.kind)), DecimalValue(env, status.device),
            DecimalValue(env, status.inode), NumberValue(env, static_cast<double>(status.links)),
            NumberValue(env, static_cast<double>(status.size)),
            MillisecondsValue(env, status.modified_seconds, status.modified_nanoseconds),
            MillisecondsValue(env, status.changed_seconds, status.changed_nanoseconds)});
}

Napi::Value FilesystemValue(const Napi::CallbackInfo& info, const system::Filesystem& filesystem) {
  const Napi::Env env = info.Env();
  Environment& environment = EnvironmentOf(info);
  return environment.last_filesystem.For(filesystem, [&] {
    const char* name = "unknown";
    char magic[16];
    if (filesystem.magic) {
      std::snprintf(magic, sizeof magic, "0x%" PRIx32, *filesystem.magic);
      const char* const known = system::FilesystemName(*filesystem.magic);
      name = known != nullptr ? known : magic;
    }
    char fsid[24];
    std::snprintf(fsid, sizeof fsid, "%016" PRIx64, filesystem.fsid);
    return environment.filesystem.Make(
        env, {AsciiValue(env, name), filesystem.fsid != 0 ? AsciiValue(env, fsid) : env.Null()});
  });
}

}  // namespace kernel_identity::binding

#include "file_values.h"

#include <cinttypes>
#include <cstdio>
#include <string>

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

std::string NameOf(const system::Filesystem& filesystem) {
  if (!filesystem.magic) return "unknown";
  const char* const known = system::FilesystemName(*filesystem.magic);
  if (known != nullptr) return known;
  char text[16];
  std::snprintf(text, sizeof text, "0x%" PRIx32, *filesystem.magic);
  return text;
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
    char fsid[24];
    std::snprintf(fsid, sizeof fsid, "%016" PRIx64, filesystem.fsid);
    return environment.filesystem.Make(env, {AsciiValue(env, NameOf(filesystem)),
                                             filesystem.fsid != 0 ? AsciiValue(env, fsid) : env.Null()});
  });
}

}  // namespace kernel_identity::binding

#include <cerrno>
#include <cinttypes>
#include <cstdio>
#include <cstring>
#include <memory>
#include <new>
#include <string>
#include <vector>

#include "../system/directory_list.h"
#include "../system/file_content.h"
#include "../system/file_status.h"
#include "../system/files_at.h"
#include "../system/filesystem.h"
#include "arguments.h"
#include "errors.h"
#include "exports.h"
#include "methods.h"
#include "values.h"

namespace kernel_identity::binding {
namespace {

/** The arguments (directory, name) with which most of these calls begin. */
struct NameInDirectory {
  int directory = -1;
  PathArgument name;

  bool Take(const Arguments& arguments) {
    return arguments.Descriptor(0, "directory", &directory) && arguments.Name(1, "name", &name);
  }
};

Napi::Value HandOverOrThrow(const Napi::CallbackInfo& info, int fd, const FailedCall& call) {
  if (fd < 0) return ThrowSystemError(info.Env(), fd, call);
  return HandOver(info, fd);
}

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

Napi::Value FileStatusValue(const Napi::CallbackInfo& info, const system::FileStatus& status) {
  const Napi::Env env = info.Env();
  return EnvironmentOf(info).file_status.Make(
      env, {TextValue(env, KindName(status.kind)), DecimalValue(env, status.device),
            DecimalValue(env, status.inode), NumberValue(env, static_cast<double>(status.links)),
            NumberValue(env, static_cast<double>(status.size)),
            MillisecondsValue(env, status.modified_seconds, status.modified_nanoseconds),
            MillisecondsValue(env, status.changed_seconds, status.changed_nanoseconds)});
}

Napi::Value BufferValue(Napi::Env env, const char* bytes, size_t length) {
  napi_value buffer = nullptr;
  napi_create_buffer_copy(env, length, bytes, nullptr, &buffer);
  return {env, buffer};
}

Napi::Value OpenParent(const Napi::CallbackInfo& info) {
  PathArgument path;
  if (!Arguments(info).Path(0, "path", &path)) return {};
  return HandOverOrThrow(info, system::OpenParent(path.c_str()), {.syscall = "open", .path = path.c_str()});
}

Napi::Value OpenDirectoryAt(const Napi::CallbackInfo& info) {
  NameInDirectory at;
  if (!at.Take(Arguments(info))) return {};
  return HandOverOrThrow(info, system::OpenDirectoryAt(at.directory, at.name.c_str()),
                         {.syscall = "openat", .path = at.name.c_str()});
}

Napi::Value FindDirectoryAt(const Napi::CallbackInfo& info) {
  NameInDirectory at;
  if (!at.Take(Arguments(info))) return {};
  const int fd = system::OpenDirectoryAt(at.directory, at.name.c_str());
  // To make an error takes longer than all the system calls of a look.
  if (fd == -ENOENT) return info.Env().Null();
  return HandOverOrThrow(info, fd, {.syscall = "openat", .path = at.name.c_str()});
}

Napi::Value OpenAt(const Napi::CallbackInfo& info) {
  const Arguments arguments(info);
  NameInDirectory at;
  if (!at.Take(arguments)) return {};
  int fd = -1;
  if (arguments.IsText(2, "read")) {
    fd = system::OpenForReadingAt(at.directory, at.name.c_str());
  } else if (arguments.IsText(2, "create")) {
    fd = system::CreateAt(at.directory, at.name.c_str());
  } else {
    ThrowArgumentType(info.Env(), "mode", "'read' or 'create'");
    return {};
  }
  return HandOverOrThrow(info, fd, {.syscall = "openat", .path = at.name.c_str()});
}

/** The calls that take (directory, name) and answer nothing. */
template <int (*operation)(int, const char*)>
void AtName(const Napi::CallbackInfo& info, const char* syscall) {
  NameInDirectory at;
  if (!at.Take(Arguments(info))) return;
  const int error = operation(at.directory, at.name.c_str());
  if (error < 0) ThrowSystemError(info.Env(), error, {.syscall = syscall, .path = at.name.c_str()});
}

void MkdirAt(const Napi::CallbackInfo& info) { AtName<system::MakeDirectoryAt>(info, "mkdirat"); }

void UnlinkAt(const Napi::CallbackInfo& info) { AtName<system::UnlinkAt>(info, "unlinkat"); }

void RmdirAt(const Napi::CallbackInfo& info) { AtName<system::RemoveDirectoryAt>(info, "unlinkat"); }

template <int (*operation)(int, const char*, int, const char*)>
void Rename(const Napi::CallbackInfo& info, const char* syscall) {
  const Arguments arguments(info);
  int from_directory = -1;
  PathArgument from;
  int to_directory = -1;
  PathArgument to;
  if (!arguments.Descriptor(0, "fromDirectory", &from_directory) || !arguments.Name(1, "from", &from) ||
      !arguments.Descriptor(2, "toDirectory", &to_directory) || !arguments.Name(3, "to", &to)) {
    return;
  }
  const int error = operation(from_directory, from.c_str(), to_directory, to.c_str());
  if (error < 0) {
    ThrowSystemError(info.Env(), error,
                     {.syscall = syscall, .path = from.c_str(), .destination = to.c_str()});
  }
}

void RenameAt(const Napi::CallbackInfo& info) { Rename<system::RenameAt>(info, "renameat"); }

void RenameNoReplaceAt(const Napi::CallbackInfo& info) {
  Rename<system::RenameNoReplaceAt>(info, "renameat2");
}

Napi::Value StatAt(const Napi::CallbackInfo& info) {
  NameInDirectory at;
  if (!at.Take(Arguments(info))) return {};
  system::FileStatus status;
  const int error = system::ReadStatusAt(at.directory, at.name.c_str(), &status);
  if (error < 0) {
    return ThrowSystemError(info.Env(), error, {.syscall = "fstatat", .path = at.name.c_str()});
  }
  return FileStatusValue(info, status);
}

template <auto Read>
Napi::Value StatOpen(const Napi::CallbackInfo& info, const char* syscall) {
  int fd = -1;
  if (!Arguments(info).Descriptor(0, "fd", &fd)) return {};
  system::FileStatus status;
  const int error = Read(fd, &status);
  if (error < 0) return ThrowSystemError(info.Env(), error, {.syscall = syscall});
  return FileStatusValue(info, status);
}

Napi::Value StatDescriptor(const Napi::CallbackInfo& info) {
  return StatOpen<system::ReadStatusOf>(info, "fstat");
}

Napi::Value StatFresh(const Napi::CallbackInfo& info) {
  return StatOpen<system::ReadFreshStatusOf>(info, "statx");
}

Napi::Value List(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const Arguments arguments(info);
  int directory = -1;
  size_t limit = 0;
  if (!arguments.Descriptor(0, "directory", &directory) || !arguments.Limit(1, "limit", &limit)) return {};
  std::vector<std::string> names;
  const int error = system::ListDirectory(directory, limit, &names);
  if (error < 0) return ThrowSystemError(env, error, {.syscall = "readdir"});
  napi_value result = nullptr;
  napi_create_array_with_length(env, names.size(), &result);
  for (size_t i = 0; i < names.size(); ++i) {
    napi_set_element(env, result, static_cast<uint32_t>(i), TextValue(env, names[i]));
  }
  return {env, result};
}

Napi::Value Read(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const Arguments arguments(info);
  int fd = -1;
  size_t limit = 0;
  if (!arguments.Descriptor(0, "fd", &fd) || !arguments.Limit(1, "limit", &limit)) return {};

  // Nobody knows the size beforehand (files under /proc say 0), but nearly all that is read here is small.
  char small[16 * 1024];
  const FailedCall call = {.syscall = "pread"};
  const size_t first = limit < sizeof small ? limit : sizeof small;
  const ssize_t count = system::ReadContent(fd, small, first, 0);
  if (count < 0) return ThrowSystemError(env, static_cast<int>(count), call);
  size_t length = static_cast<size_t>(count);
  if (length < sizeof small || length == limit) return BufferValue(env, small, length);

  const std::unique_ptr<char[]> large(new (std::nothrow) char[limit]);
  if (large == nullptr) return ThrowSystemError(env, -ENOMEM, call);
  std::memcpy(large.get(), small, length);
  const ssize_t more =
      system::ReadContent(fd, large.get() + length, limit - length, static_cast<off_t>(length));
  if (more < 0) return ThrowSystemError(env, static_cast<int>(more), call);
  length += static_cast<size_t>(more);
  return BufferValue(env, large.get(), length);
}

void Write(const Napi::CallbackInfo& info) {
  const Arguments arguments(info);
  int fd = -1;
  TextArgument text;
  if (!arguments.Descriptor(0, "fd", &fd) || !arguments.Text(1, "text", &text)) return;
  const int error = system::WriteContent(fd, text.view().data(), text.view().size());
  if (error < 0) ThrowSystemError(info.Env(), error, {.syscall = "pwrite"});
}

Napi::Value Filesystem(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  int fd = -1;
  if (!Arguments(info).Descriptor(0, "fd", &fd)) return {};
  system::Filesystem filesystem;
  const int error = system::ReadFilesystem(fd, &filesystem);
  if (error < 0) return ThrowSystemError(env, error, {.syscall = "fstatfs"});
  const char* const name = system::FilesystemName(filesystem.magic);
  char magic[16];
  char fsid[24];
  std::snprintf(magic, sizeof magic, "0x%" PRIx32, filesystem.magic);
  std::snprintf(fsid, sizeof fsid, "%016" PRIx64, filesystem.fsid);
  return EnvironmentOf(info).filesystem.Make(env, {TextValue(env, name != nullptr ? name : magic),
                                                   filesystem.fsid != 0 ? TextValue(env, fsid) : env.Null()});
}

void Close(const Napi::CallbackInfo& info) {
  int fd = -1;
  if (!Arguments(info).Descriptor(0, "fd", &fd)) return;
  Environment& environment = EnvironmentOf(info);
  if (environment.monitors.TakeBack(fd)) {
    environment.descriptors.Remove(fd);
    return;
  }
  const int error = environment.descriptors.Close(fd);
  if (error < 0) ThrowSystemError(info.Env(), error, {.syscall = "close"});
}

constexpr Method kMethods[] = {
    {"openParent", Call<OpenParent>},
    {"openDirectoryAt", Call<OpenDirectoryAt>},
    {"findDirectoryAt", Call<FindDirectoryAt>},
    {"openAt", Call<OpenAt>},
    {"mkdirAt", Call<MkdirAt>},
    {"renameAt", Call<RenameAt>},
    {"renameNoReplaceAt", Call<RenameNoReplaceAt>},
    {"unlinkAt", Call<UnlinkAt>},
    {"rmdirAt", Call<RmdirAt>},
    {"statAt", Call<StatAt>},
    {"statDescriptor", Call<StatDescriptor>},
    {"statFresh", Call<StatFresh>},
    {"list", Call<List>},
    {"read", Call<Read>},
    {"write", Call<Write>},
    {"filesystem", Call<Filesystem>},
    {"close", Call<Close>},
};

}  // namespace

Napi::Value CreateFiles(Napi::Env env, Environment* environment) {
  return CreateMethods(env, kMethods, environment);
}

}  // namespace kernel_identity::binding

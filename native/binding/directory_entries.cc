#include <sys/file.h>

#include <cerrno>
#include <string>
#include <vector>

#include "../linux/directory_list.h"
#include "../linux/file_status.h"
#include "../linux/files_at.h"
#include "../linux/filesystem.h"
#include "../linux/unique_fd.h"
#include "arguments.h"
#include "errors.h"
#include "exports.h"
#include "file_content.h"
#include "file_values.h"
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

/** A file that a call has just opened, with its status and filesystem. */
struct OpenedFile {
  system::UniqueFd file;
  system::FileStatus status;
  system::Filesystem filesystem;

  /** Answers false with a JavaScript exception pending. */
  bool Take(const Napi::CallbackInfo& info, int fd, const char* name) {
    if (fd < 0) return Failed(info, fd, "openat", name);
    file = system::UniqueFd(fd);
    int error = system::ReadStatusOf(fd, &status);
    if (error < 0) return Failed(info, error, "fstat", name);
    error = system::ReadFilesystem(fd, &filesystem);
    return error == 0 || Failed(info, error, "fstatfs", name);
  }

  static bool Failed(const Napi::CallbackInfo& info, int error, const char* syscall, const char* name) {
    ThrowSystemError(info.Env(), error, {.syscall = syscall, .path = name});
    return false;
  }
};

Napi::Value OpenParent(const Napi::CallbackInfo& info) {
  PathArgument path;
  if (!Arguments(info).Path(0, "path", &path)) return {};
  return HandOverOrThrow(info, system::OpenParent(path.c_str()), {.syscall = "open", .path = path.c_str()});
}

Napi::Value OpenAt(const Napi::CallbackInfo& info) {
  NameInDirectory at;
  if (!at.Take(Arguments(info))) return {};
  return HandOverOrThrow(info, system::OpenForReadingAt(at.directory, at.name.c_str()),
                         {.syscall = "openat", .path = at.name.c_str()});
}

Napi::Value FindDirectoryAt(const Napi::CallbackInfo& info) {
  NameInDirectory at;
  if (!at.Take(Arguments(info))) return {};
  const int fd = system::OpenDirectoryAt(at.directory, at.name.c_str());
  // Making a JavaScript error would take longer than all the system calls of this check.
  if (fd == -ENOENT) return info.Env().Null();
  return HandOverOrThrow(info, fd, {.syscall = "openat", .path = at.name.c_str()});
}

Napi::Value CreateAt(const Napi::CallbackInfo& info) {
  NameInDirectory at;
  if (!at.Take(Arguments(info))) return {};
  const char* const name = at.name.c_str();
  OpenedFile created;
  if (!created.Take(info, system::CreateAt(at.directory, name), name)) return {};
  return EnvironmentOf(info).open_file.Make(
      info.Env(), {HandOver(info, created.file.Release()), FileStatusValue(info, created.status),
                   FilesystemValue(info, created.filesystem)});
}

/** Implements the calls that take (directory, name) and answer nothing. */
template <int (*operation)(int, const char*)>
void AtName(const Napi::CallbackInfo& info, const char* syscall) {
  NameInDirectory at;
  if (!at.Take(Arguments(info))) return;
  const int error = operation(at.directory, at.name.c_str());
  if (error < 0) ThrowSystemError(info.Env(), error, {.syscall = syscall, .path = at.name.c_str()});
}

void MkdirAt(const Napi::CallbackInfo& info) { AtName<system::MakeDirectoryAt>(info, "mkdirat"); }

Napi::Value CreateDirectoryAt(const Napi::CallbackInfo& info) {
  NameInDirectory at;
  if (!at.Take(Arguments(info))) return {};
  const Napi::Env env = info.Env();
  const char* const name = at.name.c_str();
  int error = system::MakeDirectoryAt(at.directory, name);
  if (error < 0) return ThrowSystemError(env, error, {.syscall = "mkdirat", .path = name});
  error = system::OpenDirectoryAt(at.directory, name);
  system::UniqueFd directory(error);
  const char* syscall = "openat";
  system::FileStatus status;
  if (directory.valid()) {
    error = system::ReadStatusOf(directory.get(), &status);
    syscall = "fstat";
  }
  // systemd-tmpfiles, which deletes what is old in /tmp, spares a directory with such a lock on it. Where
  // there are no locks the directory is not protected, which is no error. Filesystems keep locks on
  // directories in this kernel, so that the call waits for no server.
  if (error == 0) (void)::flock(directory.get(), LOCK_SH | LOCK_NB);
  // FUSE and NFS answer ESTALE for a directory that they no longer know.
  if (error == -ENOENT || error == -ESTALE) return env.Null();
  if (error < 0) {
    system::RemoveDirectoryAt(at.directory, name);
    return ThrowSystemError(env, error, {.syscall = syscall, .path = name});
  }
  return EnvironmentOf(info).open_directory.Make(
      env, {HandOver(info, directory.Release()), DecimalValue(env, status.device),
            DecimalValue(env, status.inode)});
}

void UnlinkAt(const Napi::CallbackInfo& info) { AtName<system::UnlinkAt>(info, "unlinkat"); }

void RmdirAt(const Napi::CallbackInfo& info) { AtName<system::RemoveDirectoryAt>(info, "unlinkat"); }

void RmdirIfAt(const Napi::CallbackInfo& info) {
  const Arguments arguments(info);
  NameInDirectory at;
  int fd = -1;
  if (!at.Take(arguments) || !arguments.Descriptor(2, "fd", &fd)) return;
  const char* const name = at.name.c_str();
  const int same = system::IsSameFileAt(at.directory, name, fd);
  if (same < 0) ThrowSystemError(info.Env(), same, {.syscall = "fstatat", .path = name});
  if (same <= 0) return;
  const int error = system::RemoveDirectoryAt(at.directory, name);
  if (error < 0) ThrowSystemError(info.Env(), error, {.syscall = "unlinkat", .path = name});
}

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

void LinkAt(const Napi::CallbackInfo& info) {
  const Arguments arguments(info);
  int directory = -1;
  PathArgument from;
  PathArgument to;
  if (!arguments.Descriptor(0, "directory", &directory) || !arguments.Name(1, "from", &from) ||
      !arguments.Name(2, "to", &to)) {
    return;
  }
  const int error = system::LinkAt(directory, from.c_str(), to.c_str());
  if (error < 0) {
    ThrowSystemError(info.Env(), error,
                     {.syscall = "linkat", .path = from.c_str(), .destination = to.c_str()});
  }
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

Napi::Value IsAt(const Napi::CallbackInfo& info) {
  const Arguments arguments(info);
  NameInDirectory at;
  int fd = -1;
  if (!at.Take(arguments) || !arguments.Descriptor(2, "fd", &fd)) return {};
  const int same = system::IsSameFileAt(at.directory, at.name.c_str(), fd);
  if (same < 0) return ThrowSystemError(info.Env(), same, {.syscall = "fstatat", .path = at.name.c_str()});
  return Napi::Boolean::New(info.Env(), same > 0);
}

Napi::Value IsStillAt(const Napi::CallbackInfo& info) {
  const Arguments arguments(info);
  NameInDirectory at;
  KnownFile file;
  if (!at.Take(arguments) || !file.Take(arguments, 2)) return {};
  const int same = system::IsSameFileStillAt(at.directory, at.name.c_str(), file.fd, file.device, file.inode);
  if (same < 0) return ThrowSystemError(info.Env(), same, {.syscall = "fstatat", .path = at.name.c_str()});
  return Napi::Boolean::New(info.Env(), same > 0);
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

Napi::Value OpenText(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const Arguments arguments(info);
  NameInDirectory at;
  size_t limit = 0;
  if (!at.Take(arguments) || !arguments.Limit(2, "limit", &limit)) return {};
  const char* const name = at.name.c_str();
  const int fd = system::OpenForReadingAt(at.directory, name);
  if (fd == -ENOENT) return env.Null();
  OpenedFile opened;
  if (!opened.Take(info, fd, name)) return {};
  FileContent content;
  const bool is_text = opened.status.kind == system::FileKind::kFile && opened.status.size <= limit;
  const int error = is_text ? content.ReadFrom(fd, limit) : 0;
  if (error < 0) return ThrowSystemError(env, error, {.syscall = "pread", .path = name});
  Environment& environment = EnvironmentOf(info);
  const Napi::Value status =
      environment.last_read_status.For(opened.status, [&] { return FileStatusValue(info, opened.status); });
  return environment.open_text.Make(
      env, {HandOver(info, opened.file.Release()), status, FilesystemValue(info, opened.filesystem),
            is_text ? TextValue(env, content.view()) : env.Null()});
}

constexpr Method kMethods[] = {
    {"openParent", Call<OpenParent>},
    {"findDirectoryAt", Call<FindDirectoryAt>},
    {"openAt", Call<OpenAt>},
    {"createAt", Call<CreateAt>},
    {"openText", Call<OpenText>},
    {"mkdirAt", Call<MkdirAt>},
    {"createDirectoryAt", Call<CreateDirectoryAt>},
    {"renameAt", Call<RenameAt>},
    {"renameNoReplaceAt", Call<RenameNoReplaceAt>},
    {"linkAt", Call<LinkAt>},
    {"unlinkAt", Call<UnlinkAt>},
    {"rmdirAt", Call<RmdirAt>},
    {"rmdirIfAt", Call<RmdirIfAt>},
    {"statAt", Call<StatAt>},
    {"isAt", Call<IsAt>},
    {"isStillAt", Call<IsStillAt>},
    {"list", Call<List>},
};

}  // namespace

void AddDirectoryEntries(Napi::Env env, napi_value files, Environment* environment) {
  AddMethods(env, files, kMethods, environment);
}

}  // namespace kernel_identity::binding

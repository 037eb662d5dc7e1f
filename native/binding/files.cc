#include <cerrno>
#include <cinttypes>
#include <cstdio>
#include <cstring>
#include <memory>
#include <new>
#include <string>
#include <string_view>
#include <vector>

#include "../system/directory_list.h"
#include "../system/file_content.h"
#include "../system/file_status.h"
#include "../system/files_at.h"
#include "../system/filesystem.h"
#include "../system/unique_fd.h"
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

Napi::Value BufferValue(Napi::Env env, std::string_view bytes) {
  napi_value buffer = nullptr;
  napi_create_buffer_copy(env, bytes.size(), bytes.data(), nullptr, &buffer);
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
  int fd = -1;
  uint64_t device = 0;
  uint64_t inode = 0;
  if (!at.Take(arguments) || !arguments.Descriptor(2, "fd", &fd) ||
      !arguments.Decimal(3, "device", &device) || !arguments.Decimal(4, "inode", &inode)) {
    return {};
  }
  const int same = system::IsSameFileStillAt(at.directory, at.name.c_str(), fd, device, inode);
  if (same < 0) return ThrowSystemError(info.Env(), same, {.syscall = "fstatat", .path = at.name.c_str()});
  return Napi::Boolean::New(info.Env(), same > 0);
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

/** What a file holds: nearly all that is read here is small, and stays on the stack. */
class Content {
 public:
  /** At most `limit` bytes from the start. Nobody knows the size beforehand: files under /proc say 0. 0 or
   * -errno. */
  int ReadFrom(int fd, size_t limit) {
    const size_t first = limit < sizeof small_ ? limit : sizeof small_;
    const ssize_t count = system::ReadContent(fd, small_, first, 0);
    if (count < 0) return static_cast<int>(count);
    length_ = static_cast<size_t>(count);
    if (length_ < sizeof small_ || length_ == limit) return 0;

    large_.reset(new (std::nothrow) char[limit]);
    if (large_ == nullptr) return -ENOMEM;
    std::memcpy(large_.get(), small_, length_);
    const ssize_t more =
        system::ReadContent(fd, large_.get() + length_, limit - length_, static_cast<off_t>(length_));
    if (more < 0) return static_cast<int>(more);
    length_ += static_cast<size_t>(more);
    return 0;
  }

  std::string_view view() const { return {large_ != nullptr ? large_.get() : small_, length_}; }

 private:
  char small_[16 * 1024];
  std::unique_ptr<char[]> large_;
  size_t length_ = 0;
};

/** `ToValue` makes of the content what JavaScript is to see. */
template <auto ToValue>
Napi::Value ReadAs(const Napi::CallbackInfo& info) {
  const Arguments arguments(info);
  int fd = -1;
  size_t limit = 0;
  if (!arguments.Descriptor(0, "fd", &fd) || !arguments.Limit(1, "limit", &limit)) return {};
  Content content;
  const int error = content.ReadFrom(fd, limit);
  if (error < 0) return ThrowSystemError(info.Env(), error, {.syscall = "pread"});
  return ToValue(info.Env(), content.view());
}

Napi::Value Read(const Napi::CallbackInfo& info) { return ReadAs<BufferValue>(info); }

Napi::Value ReadText(const Napi::CallbackInfo& info) { return ReadAs<TextValue>(info); }

Napi::Value OpenText(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const Arguments arguments(info);
  NameInDirectory at;
  size_t limit = 0;
  if (!at.Take(arguments) || !arguments.Limit(2, "limit", &limit)) return {};
  const char* const name = at.name.c_str();
  const int fd = system::OpenForReadingAt(at.directory, name);
  if (fd == -ENOENT) return env.Null();
  if (fd < 0) return ThrowSystemError(env, fd, {.syscall = "openat", .path = name});
  system::UniqueFd file(fd);
  system::FileStatus status;
  int error = system::ReadStatusOf(fd, &status);
  if (error < 0) return ThrowSystemError(env, error, {.syscall = "fstat", .path = name});
  Content content;
  const bool is_text = status.kind == system::FileKind::kFile && status.size <= limit;
  if (is_text) error = content.ReadFrom(fd, limit);
  if (error < 0) return ThrowSystemError(env, error, {.syscall = "pread", .path = name});
  return EnvironmentOf(info).open_text.Make(env,
                                            {HandOver(info, file.Release()), FileStatusValue(info, status),
                                             is_text ? TextValue(env, content.view()) : env.Null()});
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
    {"openText", Call<OpenText>},
    {"mkdirAt", Call<MkdirAt>},
    {"renameAt", Call<RenameAt>},
    {"renameNoReplaceAt", Call<RenameNoReplaceAt>},
    {"unlinkAt", Call<UnlinkAt>},
    {"rmdirAt", Call<RmdirAt>},
    {"statAt", Call<StatAt>},
    {"statDescriptor", Call<StatDescriptor>},
    {"statFresh", Call<StatFresh>},
    {"isAt", Call<IsAt>},
    {"isStillAt", Call<IsStillAt>},
    {"list", Call<List>},
    {"read", Call<Read>},
    {"readText", Call<ReadText>},
    {"write", Call<Write>},
    {"filesystem", Call<Filesystem>},
    {"close", Call<Close>},
};

}  // namespace

Napi::Value CreateFiles(Napi::Env env, Environment* environment) {
  return CreateMethods(env, kMethods, environment);
}

}  // namespace kernel_identity::binding

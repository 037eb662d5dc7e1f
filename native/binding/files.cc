#include <cerrno>

#include "../linux/close_at_exec.h"
#include "../linux/file_content.h"
#include "../linux/file_status.h"
#include "../linux/filesystem.h"
#include "arguments.h"
#include "errors.h"
#include "exports.h"
#include "file_content.h"
#include "file_values.h"
#include "methods.h"
#include "values.h"

namespace kernel_identity::binding {
namespace {

// The operations on open files; those on names in directories are in directory_entries.cc.

Napi::Value BufferValue(Napi::Env env, std::string_view bytes) {
  napi_value buffer = nullptr;
  napi_create_buffer_copy(env, bytes.size(), bytes.data(), nullptr, &buffer);
  return {env, buffer};
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

/** `ToValue` converts the content for JavaScript. */
template <auto ToValue>
Napi::Value ReadAs(const Napi::CallbackInfo& info) {
  const Arguments arguments(info);
  int fd = -1;
  size_t limit = 0;
  if (!arguments.Descriptor(0, "fd", &fd) || !arguments.Limit(1, "limit", &limit)) return {};
  FileContent content;
  const int error = content.ReadFrom(fd, limit);
  if (error < 0) return ThrowSystemError(info.Env(), error, {.syscall = "pread"});
  return ToValue(info.Env(), content.view());
}

Napi::Value Read(const Napi::CallbackInfo& info) { return ReadAs<BufferValue>(info); }

Napi::Value ReadText(const Napi::CallbackInfo& info) { return ReadAs<TextValue>(info); }

void Write(const Napi::CallbackInfo& info) {
  const Arguments arguments(info);
  int fd = -1;
  TextArgument text;
  if (!arguments.Descriptor(0, "fd", &fd) || !arguments.Text(1, "text", &text)) return;
  const int error = system::WriteContent(fd, text.view().data(), text.view().size());
  if (error < 0) ThrowSystemError(info.Env(), error, {.syscall = "pwrite"});
}

Napi::Value Filesystem(const Napi::CallbackInfo& info) {
  int fd = -1;
  if (!Arguments(info).Descriptor(0, "fd", &fd)) return {};
  system::Filesystem filesystem;
  const int error = system::ReadFilesystem(fd, &filesystem);
  if (error < 0) return ThrowSystemError(info.Env(), error, {.syscall = "fstatfs"});
  return FilesystemValue(info, filesystem);
}

void CloseNow(const Napi::CallbackInfo& info, int fd) {
  Environment& environment = EnvironmentOf(info);
  if (environment.monitors.TakeBack(fd)) {
    environment.descriptors.Remove(fd);
    return;
  }
  const int error = environment.descriptors.Close(fd);
  if (error < 0) ThrowSystemError(info.Env(), error, {.syscall = "close"});
}

void Close(const Napi::CallbackInfo& info) {
  int fd = -1;
  if (Arguments(info).Descriptor(0, "fd", &fd)) CloseNow(info, fd);
}

void CloseIfStill(const Napi::CallbackInfo& info) {
  KnownFile file;
  if (!file.Take(Arguments(info), 0)) return;
  const int same = system::IsFile(file.fd, file.device, file.inode);
  // Any error but EBADF comes from a file that was deleted, or from a failing disk, so it still is our file.
  if (same != 0 && same != -EBADF) CloseNow(info, file.fd);
}

Napi::Value Adopt(const Napi::CallbackInfo& info) {
  KnownFile file;
  if (!file.Take(Arguments(info), 0)) return {};
  const int same = system::IsFile(file.fd, file.device, file.inode);
  const int error = same == 0 ? -EBADF : same < 0 ? same : system::CloseAtExec(file.fd);
  if (error < 0) return ThrowSystemError(info.Env(), error, {.syscall = "fcntl"});
  return HandOver(info, file.fd);
}

constexpr Method kMethods[] = {
    {"statDescriptor", Call<StatDescriptor>},
    {"statFresh", Call<StatFresh>},
    {"read", Call<Read>},
    {"readText", Call<ReadText>},
    {"write", Call<Write>},
    {"filesystem", Call<Filesystem>},
    {"close", Call<Close>},
    {"closeIfStill", Call<CloseIfStill>},
    {"adopt", Call<Adopt>},
};

}  // namespace

Napi::Value CreateFiles(Napi::Env env, Environment* environment) {
  const Napi::Value files = CreateMethods(env, kMethods, environment);
  AddDirectoryEntries(env, files, environment);
  return files;
}

}  // namespace kernel_identity::binding

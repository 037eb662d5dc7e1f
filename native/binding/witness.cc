#include "../linux/witness.h"

#include "../linux/files_at.h"
#include "../linux/unique_fd.h"
#include "arguments.h"
#include "errors.h"
#include "exports.h"
#include "lock_state_value.h"
#include "methods.h"

namespace kernel_identity::binding {
namespace {

void Take(const Napi::CallbackInfo& info) {
  int fd = -1;
  if (!Arguments(info).Descriptor(0, "fd", &fd)) return;
  const int error = system::TakeWitness(fd);
  if (error < 0) ThrowSystemError(info.Env(), error, {.syscall = "fcntl"});
}

// The interface has one more parameter, the type of the filesystem, which only other backends use. Whether
// locks can be trusted on a filesystem is decided before these calls are made.

Napi::Value Test(const Napi::CallbackInfo& info) {
  int fd = -1;
  if (!Arguments(info).Descriptor(0, "fd", &fd)) return {};
  return LockStateValue(info.Env(), system::TestWitness(fd));
}

Napi::Value HasAnyLock(const Napi::CallbackInfo& info) {
  int fd = -1;
  if (!Arguments(info).Descriptor(0, "fd", &fd)) return {};
  return Napi::Boolean::New(info.Env(), system::HasAnyLock(fd));
}

Napi::Value TestAt(const Napi::CallbackInfo& info) {
  const Arguments arguments(info);
  int directory = -1;
  PathArgument name;
  if (!arguments.Descriptor(0, "directory", &directory) || !arguments.Name(1, "name", &name)) return {};
  const int fd = system::OpenForReadingAt(directory, name.c_str());
  if (fd < 0) return ThrowSystemError(info.Env(), fd, {.syscall = "openat", .path = name.c_str()});
  const system::UniqueFd file(fd);
  return LockStateValue(info.Env(), system::TestWitness(fd));
}

constexpr Method kMethods[] = {
    {"take", Call<Take>},
    {"test", Call<Test>},
    {"hasAnyLock", Call<HasAnyLock>},
    {"testAt", Call<TestAt>},
};

}  // namespace

Napi::Value CreateWitness(Napi::Env env, Environment* environment) {
  return CreateMethods(env, kMethods, environment);
}

}  // namespace kernel_identity::binding

#include <cerrno>
#include <string_view>

#include "../linux/attribute.h"
#include "../linux/byte_lock.h"
#include "arguments.h"
#include "errors.h"
#include "exports.h"
#include "lock_state_value.h"
#include "methods.h"
#include "values.h"

namespace kernel_identity::binding {
namespace {

/** The arguments (fd, offset). */
struct ByteOfFile {
  int fd = -1;
  uint64_t offset = 0;

  bool Take(const Napi::CallbackInfo& info) {
    const Arguments arguments(info);
    if (!arguments.Descriptor(0, "fd", &fd) || !arguments.Decimal(1, "offset", &offset)) return false;
    if (offset < system::kByteOffsets) return true;
    ThrowOutOfRange(info.Env(), "offset", "below 2^62");
    return false;
  }
};

void Take(const Napi::CallbackInfo& info) {
  ByteOfFile byte;
  if (!byte.Take(info)) return;
  const int error = system::TakeByte(byte.fd, byte.offset);
  if (error < 0) ThrowSystemError(info.Env(), error, {.syscall = "fcntl"});
}

Napi::Value Test(const Napi::CallbackInfo& info) {
  ByteOfFile byte;
  if (!byte.Take(info)) return {};
  return LockStateValue(info.Env(), system::TestByte(byte.fd, byte.offset));
}

Napi::Value Read(const Napi::CallbackInfo& info) {
  constexpr size_t kLongest = 4096;
  int fd = -1;
  if (!Arguments(info).Descriptor(0, "fd", &fd)) return {};
  char bytes[kLongest];
  const ssize_t length = system::ReadAttribute(fd, bytes, sizeof bytes);
  if (length == -ENODATA) return info.Env().Null();
  if (length < 0) return ThrowSystemError(info.Env(), static_cast<int>(length), {.syscall = "fgetxattr"});
  return TextValue(info.Env(), std::string_view(bytes, static_cast<size_t>(length)));
}

void Write(const Napi::CallbackInfo& info) {
  const Arguments arguments(info);
  int fd = -1;
  TextArgument text;
  if (!arguments.Descriptor(0, "fd", &fd) || !arguments.Text(1, "text", &text)) return;
  const int error = system::WriteAttribute(fd, text.view().data(), text.view().size());
  if (error < 0) ThrowSystemError(info.Env(), error, {.syscall = "fsetxattr"});
}

constexpr Method kMethods[] = {
    {"take", Call<Take>},
    {"test", Call<Test>},
    {"readRecord", Call<Read>},
    {"writeRecord", Call<Write>},
};

}  // namespace

Napi::Value CreateDirectoryWitness(Napi::Env env, Environment* environment) {
  return CreateMethods(env, kMethods, environment);
}

}  // namespace kernel_identity::binding

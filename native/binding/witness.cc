#include "../system/witness.h"

#include "arguments.h"
#include "errors.h"
#include "exports.h"
#include "methods.h"

namespace kernel_identity::binding {
namespace {

void Take(const Napi::CallbackInfo& info) {
  int fd = -1;
  if (!Arguments(info).Descriptor(0, "fd", &fd)) return;
  const int error = system::TakeWitness(fd);
  if (error < 0) ThrowSystemError(info.Env(), error, {.syscall = "fcntl"});
}

// The second parameter of the interface, the filesystem's type, is of use to other backends only: whether
// locks can be trusted there is decided before this call is made.
Napi::Value Test(const Napi::CallbackInfo& info) {
  int fd = -1;
  if (!Arguments(info).Descriptor(0, "fd", &fd)) return {};
  switch (system::TestWitness(fd)) {
    case system::WitnessState::kHeld:
      return TextValue(info.Env(), "held");
    case system::WitnessState::kFree:
      return TextValue(info.Env(), "free");
    case system::WitnessState::kUntestable:
      break;
  }
  return TextValue(info.Env(), "untestable");
}

constexpr Method kMethods[] = {
    {"take", Call<Take>},
    {"test", Call<Test>},
};

}  // namespace

Napi::Value CreateWitness(Napi::Env env, Environment* environment) {
  return CreateMethods(env, kMethods, environment);
}

}  // namespace kernel_identity::binding

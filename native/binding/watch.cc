#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>

#include "../linux/blocking_wait.h"
#include "arguments.h"
#include "errors.h"
#include "exports.h"
#include "lifeline_text.h"
#include "methods.h"
#include "values.h"

namespace kernel_identity::binding {
namespace {

/**
 * Takes a word that another thread may write to for as long as the array is referenced. Only shared memory
 * stays where it is and lasts as long as its buffer: any other can be transferred to another thread, detached
 * or resized, and would then be freed or moved under that thread.
 */
bool TakeWord(const Napi::CallbackInfo& info, int32_t** word) {
  const Napi::Env env = info.Env();
  napi_typedarray_type type = napi_int8_array;
  size_t length = 0;
  void* data = nullptr;
  napi_value buffer = nullptr;
  bool is_shared = false;
  if (napi_get_typedarray_info(env, info[1], &type, &length, &data, &buffer, nullptr) == napi_ok &&
      type == napi_int32_array) {
    // Node-API 8 cannot ask for a SharedArrayBuffer. A typed array has either that or an ArrayBuffer.
    bool is_array_buffer = true;
    is_shared = napi_is_arraybuffer(env, buffer, &is_array_buffer) == napi_ok && !is_array_buffer;
  }
  if (!is_shared) {
    ThrowArgumentType(env, "words", "an Int32Array on a SharedArrayBuffer");
    return false;
  }
  size_t index = 0;
  if (!Arguments(info).Limit(2, "index", &index)) return false;
  if (index >= length) {
    ThrowOutOfRange(env, "index", "the index of an element of words");
    return false;
  }
  *word = static_cast<int32_t*>(data) + index;
  return true;
}

/** Takes a pidfd, or -1 for null. */
bool TakePidfdOrNull(const Napi::CallbackInfo& info, int* pidfd) {
  *pidfd = -1;
  const Arguments arguments(info);
  return arguments.IsNull(1) || arguments.Descriptor(1, "pidfd", pidfd);
}

Napi::Value TicketOrErrno(Napi::Env env, int result, uint64_t ticket) {
  if (result < 0) return ErrnoValue(env, result);
  return NumberValue(env, static_cast<double>(ticket));
}

/** Implements the calls that take (descriptor, words, index) and write to a word when an event comes. */
template <int (Subscriptions::*add)(Napi::Object, int, int32_t*, uint64_t*)>
Napi::Value OnWord(const Napi::CallbackInfo& info, const char* name) {
  int fd = -1;
  int32_t* word = nullptr;
  if (!Arguments(info).Descriptor(0, name, &fd) || !TakeWord(info, &word)) return {};
  uint64_t ticket = 0;
  const int result = (EnvironmentOf(info).subscriptions.*add)(info[1].As<Napi::Object>(), fd, word, &ticket);
  return TicketOrErrno(info.Env(), result, ticket);
}

Napi::Value OnExit(const Napi::CallbackInfo& info) { return OnWord<&Subscriptions::AddExit>(info, "pidfd"); }

Napi::Value OnRelease(const Napi::CallbackInfo& info) {
  return OnWord<&Subscriptions::AddRelease>(info, "file");
}

/** Runs `use` with the lifeline that the first argument names. A text that names none cannot be watched. */
template <typename Use>
Napi::Value WithLifeline(const Napi::CallbackInfo& info, Use use) {
  TextArgument text;
  if (!Arguments(info).Text(0, "lifeline", &text)) return {};
  system::Lifeline lifeline;
  return ParseLifeline(text.view(), &lifeline) ? use(lifeline) : ErrnoValue(info.Env(), -ENOTSUP);
}

Napi::Value OnLifelineFree(const Napi::CallbackInfo& info) {
  return WithLifeline(info, [&](const system::Lifeline& lifeline) -> Napi::Value {
    int32_t* word = nullptr;
    if (!TakeWord(info, &word)) return {};
    uint64_t ticket = 0;
    const int result =
        EnvironmentOf(info).subscriptions.AddLifeline(info[1].As<Napi::Object>(), lifeline, word, &ticket);
    return TicketOrErrno(info.Env(), result, ticket);
  });
}

Napi::Value OnLifelineEnd(const Napi::CallbackInfo& info) {
  return WithLifeline(info, [&](const system::Lifeline& lifeline) -> Napi::Value {
    Napi::Function wake;
    if (!Arguments(info).Function(1, "wake", &wake)) return {};
    uint64_t ticket = 0;
    const int result = EnvironmentOf(info).subscriptions.AddLifelineEnd(wake, lifeline, &ticket);
    return TicketOrErrno(info.Env(), result, ticket);
  });
}

Napi::Value OpenLifelineSignal(const Napi::CallbackInfo& info) {
  return WithLifeline(info, [&](const system::Lifeline& lifeline) -> Napi::Value {
    system::UniqueFd signal;
    const int opened = EnvironmentOf(info).subscriptions.OpenLifelineSignal(lifeline, &signal);
    return opened < 0 ? ErrnoValue(info.Env(), opened) : HandOver(info, signal.Release());
  });
}

Napi::Value OnLockChange(const Napi::CallbackInfo& info) {
  int directory = -1;
  int pidfd = -1;
  Napi::Function wake;
  if (!Arguments(info).Descriptor(0, "directory", &directory) || !TakePidfdOrNull(info, &pidfd) ||
      !Arguments(info).Function(2, "wake", &wake)) {
    return {};
  }
  uint64_t ticket = 0;
  const int result = EnvironmentOf(info).subscriptions.AddLockChange(wake, directory, pidfd, &ticket);
  return TicketOrErrno(info.Env(), result, ticket);
}

Napi::Value OnOwnLockChange(const Napi::CallbackInfo& info) {
  int directory = -1;
  Napi::Function changed;
  if (!Arguments(info).Descriptor(0, "directory", &directory) ||
      !Arguments(info).Function(1, "changed", &changed)) {
    return {};
  }
  uint64_t ticket = 0;
  const int result = EnvironmentOf(info).subscriptions.AddOwnLockChange(changed, directory, &ticket);
  return TicketOrErrno(info.Env(), result, ticket);
}

void Cancel(const Napi::CallbackInfo& info) {
  uint64_t ticket = 0;
  if (Arguments(info).Ticket(0, "ticket", &ticket)) EnvironmentOf(info).subscriptions.End(ticket);
}

Napi::Value OpenChangeMonitor(const Napi::CallbackInfo& info) {
  int directory = -1;
  if (!Arguments(info).Descriptor(0, "directory", &directory)) return {};
  Environment& environment = EnvironmentOf(info);
  const int fd = environment.monitors.Open(directory);
  if (fd < 0) return ErrnoValue(info.Env(), fd);
  environment.descriptors.Add(fd);
  return NumberValue(info.Env(), fd);
}

/**
 * Whether another thread is terminating this worker thread, and waits for the call to return. Node-API has no
 * call for that question, but once it is so, the calls that might run JavaScript fail.
 */
bool IsTerminating(void* context) {
  auto* const env = static_cast<napi_env>(context);
  const Napi::HandleScope scope(env);
  napi_value object = nullptr;
  bool has = false;
  return napi_create_object(env, &object) != napi_ok ||
         napi_has_named_property(env, object, "terminated", &has) != napi_ok;
}

Napi::Value Block(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  int monitor = -1;
  int pidfd = -1;
  int64_t nanoseconds = 0;
  if (!Arguments(info).Descriptor(0, "monitor", &monitor) || !TakePidfdOrNull(info, &pidfd) ||
      !Arguments(info).Timeout(2, "timeoutMs", &nanoseconds)) {
    return {};
  }
  // The main thread (whose number is that of the process) cannot be terminated, so it need not wake to check.
  const bool is_main = ::syscall(SYS_gettid) == ::getpid();
  const system::Cancellation cancellation = {.requested = IsTerminating,
                                             .context = static_cast<napi_env>(env)};
  const int wakeup = system::BlockOn(monitor, pidfd, nanoseconds, is_main ? nullptr : &cancellation);
  switch (wakeup) {
    case system::kTimeout:
      return TextValue(env, "timeout");
    case system::kChange:
      return TextValue(env, "change");
    case system::kExit:
      return TextValue(env, "exit");
    default:
      return ThrowSystemError(env, wakeup, {.syscall = "ppoll"});
  }
}

constexpr Method kMethods[] = {
    {"onExit", Call<OnExit>},
    {"onRelease", Call<OnRelease>},
    {"onLifelineFree", Call<OnLifelineFree>},
    {"onLifelineEnd", Call<OnLifelineEnd>},
    {"openLifelineSignal", Call<OpenLifelineSignal>},
    {"onLockChange", Call<OnLockChange>},
    {"onOwnLockChange", Call<OnOwnLockChange>},
    {"cancel", Call<Cancel>},
    {"openChangeMonitor", Call<OpenChangeMonitor>},
    {"block", Call<Block>},
};

}  // namespace

Napi::Value CreateWatch(Napi::Env env, Environment* environment) {
  return CreateMethods(env, kMethods, environment);
}

}  // namespace kernel_identity::binding

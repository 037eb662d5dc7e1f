#include <cerrno>

#include "arguments.h"
#include "errors.h"
#include "exports.h"
#include "methods.h"
#include "values.h"

namespace kernel_identity::binding {
namespace {

/** The error shows which call failed: that for a thread, for its timer, or for the status of the file. */
const char* FailedCallOf(int error) {
  if (error == -EAGAIN) return "pthread_create";
  if (error == -EMFILE || error == -ENFILE || error == -ENOMEM) return "timerfd_create";
  return "fstat";
}

Napi::Value Start(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const Arguments arguments(info);
  int file = -1;
  int64_t interval = 0;
  Napi::Function lost;
  int64_t patience = -1;
  if (!arguments.Descriptor(0, "file", &file) || !arguments.Interval(1, "intervalMs", &interval) ||
      !arguments.Function(2, "lost", &lost) ||
      (!arguments.IsUndefined(3) && !arguments.Timeout(3, "patienceMs", &patience))) {
    return {};
  }
  uint64_t ticket = 0;
  const int error = EnvironmentOf(info).subscriptions.AddLease(lost, file, interval, patience, &ticket);
  if (error < 0) return ThrowSystemError(env, error, {.syscall = FailedCallOf(error)});
  return NumberValue(env, static_cast<double>(ticket));
}

void Stop(const Napi::CallbackInfo& info) {
  uint64_t ticket = 0;
  if (Arguments(info).Ticket(0, "ticket", &ticket)) EnvironmentOf(info).subscriptions.End(ticket);
}

Napi::Value SinceTouch(const Napi::CallbackInfo& info) {
  constexpr double kNanosecondsPerMillisecond = 1e6;
  uint64_t ticket = 0;
  if (!Arguments(info).Ticket(0, "ticket", &ticket)) return {};
  const int64_t since = EnvironmentOf(info).subscriptions.SinceTouch(ticket);
  return NumberValue(info.Env(), static_cast<double>(since) / kNanosecondsPerMillisecond);
}

constexpr Method kMethods[] = {
    {"start", Call<Start>},
    {"sinceTouch", Call<SinceTouch>},
    {"stop", Call<Stop>},
};

}  // namespace

Napi::Value CreateLease(Napi::Env env, Environment* environment) {
  return CreateMethods(env, kMethods, environment);
}

}  // namespace kernel_identity::binding

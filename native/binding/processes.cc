#include "../linux/boot_id.h"
#include "../linux/death_signal.h"
#include "../linux/orphans.h"
#include "../linux/pid_namespace.h"
#include "../linux/pidfd.h"
#include "../linux/proc_file.h"
#include "../linux/proc_stat.h"
#include "../linux/proc_status.h"
#include "../linux/result.h"
#include "../linux/time_offset.h"
#include "arguments.h"
#include "errors.h"
#include "exports.h"
#include "methods.h"
#include "values.h"

namespace kernel_identity::binding {
namespace {

/** null for what cannot be known. Throws where descriptors or memory have run out: that proves nothing. */
Napi::Value NotKnown(Napi::Env env, int error, const char* syscall, const char* path) {
  if (system::IsShortage(error)) return ThrowSystemError(env, error, {.syscall = syscall, .path = path});
  return env.Null();
}

Napi::Value BootId(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  system::BootId boot_id;
  const int error = system::ReadBootId(&boot_id);
  if (error < 0) return NotKnown(env, error, "open", "/proc/sys/kernel/random/boot_id");
  return ObjectValue(env)
      .Set("id", std::string_view(boot_id.id, sizeof boot_id.id))
      .Set("native", boot_id.native)
      .value();
}

Napi::Value PidNamespace(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const Arguments arguments(info);
  pid_t pid = 0;
  if (!arguments.IsUndefined(0) && !arguments.Pid(0, "pid", &pid)) return {};
  system::PidNamespace pid_namespace;
  const int error = system::ReadPidNamespace(pid, &pid_namespace);
  if (error < 0) return NotKnown(env, error, "open", system::ProcPath(pid, "ns/pid").c_str());
  return ObjectValue(env)
      .Set("inode", DecimalValue(env, pid_namespace.inode))
      .Set("id", pid_namespace.id ? DecimalValue(env, *pid_namespace.id) : env.Null())
      .value();
}

Napi::Value IsInPidNamespace(const Napi::CallbackInfo& info) {
  const Arguments arguments(info);
  pid_t pid = 0;
  uint64_t inode = 0;
  if (!arguments.Pid(0, "pid", &pid) || !arguments.Decimal(1, "inode", &inode)) return {};
  return Napi::Boolean::New(info.Env(), system::IsInPidNamespace(pid, inode));
}

Napi::Value TimeOffset(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const Arguments arguments(info);
  pid_t pid = 0;
  if (!arguments.IsUndefined(0) && !arguments.Pid(0, "pid", &pid)) return {};
  system::TimeOffset offset;
  const int error = system::ReadTimeOffset(pid, &offset);
  if (error < 0) return NotKnown(env, error, "open", system::ProcPath(pid, "timens_offsets").c_str());
  return ObjectValue(env)
      .Set("seconds", static_cast<double>(offset.seconds))
      .Set("nanoseconds", static_cast<double>(offset.nanoseconds))
      .value();
}

Napi::Value Stat(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  pid_t pid = 0;
  if (!Arguments(info).Pid(0, "pid", &pid)) return {};
  system::ProcStat stat;
  const int error = system::ReadStat(pid, &stat);
  if (error < 0) return ErrnoValue(env, error);
  return EnvironmentOf(info).process_stat.Make(
      env, {TextValue(env, {&stat.state, 1}), NumberValue(env, stat.threads),
            stat.start_ticks ? NumberValue(env, static_cast<double>(*stat.start_ticks)) : env.Null()});
}

Napi::Value Status(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const Arguments arguments(info);
  pid_t pid = 0;
  if (info[0].IsString()) {
    if (!arguments.IsText(0, "self")) {
      ThrowArgumentType(env, "pid", "a number or 'self'");
      return {};
    }
  } else if (!arguments.Pid(0, "pid", &pid)) {
    return {};
  }
  system::ProcStatus status;
  const int error = system::ReadStatus(pid, &status);
  if (error < 0) return ErrnoValue(env, error);
  napi_value ns_pids = nullptr;
  napi_create_array_with_length(env, status.levels, &ns_pids);
  for (uint32_t i = 0; i < status.levels; ++i) {
    napi_set_element(env, ns_pids, i, NumberValue(env, status.ns_pids[i]));
  }
  return ObjectValue(env).Set("tgid", static_cast<double>(status.tgid)).Set("nsPids", ns_pids).value();
}

Napi::Value OpenPidfd(const Napi::CallbackInfo& info) {
  pid_t pid = 0;
  if (!Arguments(info).Pid(0, "pid", &pid)) return {};
  const int fd = system::OpenPidfd(pid);
  if (fd < 0) return ErrnoValue(info.Env(), fd);
  return HandOver(info, fd);
}

Napi::Value PidfdInode(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  int fd = -1;
  if (!Arguments(info).Descriptor(0, "fd", &fd)) return {};
  uint64_t inode = 0;
  const int error = system::ReadPidfdInode(fd, &EnvironmentOf(info).pidfs, &inode);
  // A bad descriptor is a mistake of the caller, and not an inode that cannot be known.
  if (error == -EBADF) return ThrowSystemError(env, error, {.syscall = "fstat"});
  if (error < 0) return env.Null();
  return DecimalValue(env, inode);
}

Napi::Value PidfdExited(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  int fd = -1;
  if (!Arguments(info).Descriptor(0, "fd", &fd)) return {};
  const int exited = system::PollPidfd(fd);
  if (exited < 0) return ThrowSystemError(env, exited, {.syscall = "poll"});
  return Napi::Boolean::New(env, exited > 0);
}

Napi::Value ProbePidfd(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  pid_t pid = 0;
  if (!Arguments(info).Pid(0, "pid", &pid)) return {};
  Environment& environment = EnvironmentOf(info);
  system::PidfdProbe probe;
  const int error = system::ProbePidfd(pid, &environment.pidfs, &probe);
  if (error < 0) return ErrnoValue(env, error);
  return environment.last_pidfd_probe.For(probe, [&] {
    return environment.pidfd_probe.Make(env, {probe.inode ? DecimalValue(env, *probe.inode) : env.Null(),
                                              Napi::Boolean::New(env, probe.exited)});
  });
}

Napi::Value ReapOrphans(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  pid_t spared = 0;
  if (!Arguments(info).Pid(0, "spared", &spared)) return {};
  const int reaped = system::ReapOrphans(spared);
  if (reaped < 0) return ErrnoValue(env, reaped);
  return NumberValue(env, reaped);
}

Napi::Value SetDeathSignal(const Napi::CallbackInfo& info) {
  size_t signal = 0;
  if (!Arguments(info).Limit(0, "signal", &signal)) return {};
  const int error = system::SetDeathSignal(static_cast<int>(signal));
  if (error < 0) return ErrnoValue(info.Env(), error);
  return info.Env().Null();
}

constexpr Method kMethods[] = {
    {"bootId", Call<BootId>},
    {"pidNamespace", Call<PidNamespace>},
    {"isInPidNamespace", Call<IsInPidNamespace>},
    {"timeOffset", Call<TimeOffset>},
    {"stat", Call<Stat>},
    {"status", Call<Status>},
    {"openPidfd", Call<OpenPidfd>},
    {"pidfdInode", Call<PidfdInode>},
    {"pidfdExited", Call<PidfdExited>},
    {"probePidfd", Call<ProbePidfd>},
    {"reapOrphans", Call<ReapOrphans>},
    {"setDeathSignal", Call<SetDeathSignal>},
};

}  // namespace

Napi::Value CreateProcesses(Napi::Env env, Environment* environment) {
  return CreateMethods(env, kMethods, environment);
}

}  // namespace kernel_identity::binding

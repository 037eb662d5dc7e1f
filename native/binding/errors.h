#pragma once

#include <napi.h>

namespace kernel_identity::binding {

/** The name of a negated errno as a string, for functions that answer ordinary failures with it. */
Napi::Value ErrnoValue(Napi::Env env, int error);

/** The system call that failed, and the names it was given; null for those it was not given. */
struct FailedCall {
  const char* syscall;
  const char* path = nullptr;
  const char* destination = nullptr;
};

/** Throws an error of the same shape as Node's own system errors: code, errno, syscall, path, dest. */
Napi::Value ThrowSystemError(Napi::Env env, int error, const FailedCall& call);

/** TypeError ERR_INVALID_ARG_TYPE: `what` continues "The <name> argument must be ...". */
void ThrowArgumentType(Napi::Env env, const char* name, const char* what);

/** RangeError ERR_OUT_OF_RANGE: `what` continues "The value of <name> must be ...". */
void ThrowOutOfRange(Napi::Env env, const char* name, const char* what);

}  // namespace kernel_identity::binding

#pragma once

#include <napi.h>

namespace kernel_identity::binding {

/** The name of a negated errno as a string for JavaScript: the answer of functions for which an error is an
 * ordinary one. */
Napi::Value ErrnoValue(Napi::Env env, int error);

/** What a failed call was about; the names are null where it was not about any. */
struct FailedCall {
  const char* syscall;
  const char* path = nullptr;
  const char* destination = nullptr;
};

/** Throws an error in the shape that Node gives its own: code, errno, syscall, path, dest. */
Napi::Value ThrowSystemError(Napi::Env env, int error, const FailedCall& call);

/** TypeError ERR_INVALID_ARG_TYPE: `what` continues "The <name> argument must be ...". */
void ThrowArgumentType(Napi::Env env, const char* name, const char* what);

/** RangeError ERR_OUT_OF_RANGE: `what` continues "The value of <name> must be ...". */
void ThrowOutOfRange(Napi::Env env, const char* name, const char* what);

}  // namespace kernel_identity::binding

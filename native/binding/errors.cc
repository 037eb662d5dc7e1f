#include "errors.h"

#include <string>

#include "../linux/errno_name.h"
#include "values.h"

namespace kernel_identity::binding {
namespace {

void AppendQuoted(std::string* message, const char* text) {
  *message += '\'';
  *message += text;
  *message += '\'';
}

std::string ArgumentMessage(const char* start, const char* name, const char* middle, const char* what) {
  std::string message = start;
  message += name;
  message += middle;
  message += what;
  return message;
}

}  // namespace

Napi::Value ErrnoValue(Napi::Env env, int error) {
  const system::ErrnoText* const text = system::FindErrno(-error);
  if (text != nullptr) return AsciiValue(env, text->name);
  return AsciiValue(env, system::ErrnoName(error));
}

Napi::Value ThrowSystemError(Napi::Env env, int error, const FailedCall& call) {
  const system::ErrnoText* const text = system::FindErrno(-error);
  const std::string code = system::ErrnoName(error);
  std::string message = code;
  message += ": ";
  message += text != nullptr ? text->message : "unknown error";
  message += ", ";
  message += call.syscall;
  if (call.path != nullptr) {
    message += ' ';
    AppendQuoted(&message, call.path);
  }
  if (call.destination != nullptr) {
    message += " -> ";
    AppendQuoted(&message, call.destination);
  }
  napi_value thrown = nullptr;
  napi_create_error(env, nullptr, TextValue(env, message), &thrown);
  ObjectValue properties(env, thrown);
  properties.Set("errno", static_cast<double>(error)).Set("code", code).Set("syscall", call.syscall);
  if (call.path != nullptr) properties.Set("path", call.path);
  if (call.destination != nullptr) properties.Set("dest", call.destination);
  napi_throw(env, thrown);
  return {};
}

void ThrowArgumentType(Napi::Env env, const char* name, const char* what) {
  const std::string message = ArgumentMessage("The \"", name, "\" argument must be ", what);
  napi_throw_type_error(env, "ERR_INVALID_ARG_TYPE", message.c_str());
}

void ThrowOutOfRange(Napi::Env env, const char* name, const char* what) {
  const std::string message =
      ArgumentMessage("The value of \"", name, "\" is out of range. It must be ", what);
  napi_throw_range_error(env, "ERR_OUT_OF_RANGE", message.c_str());
}

}  // namespace kernel_identity::binding

#pragma once

#include <napi.h>

#include <cstdint>
#include <string_view>

namespace kernel_identity::binding {

// These functions are out of line and on plain Node-API, because the inline setters of node-addon-api expand
// to half a kilobyte for each property. A failure in them leaves a JavaScript exception pending.

Napi::Value TextValue(Napi::Env env, std::string_view text);
/** Like {@link TextValue}, for texts without characters beyond ASCII. */
Napi::Value AsciiValue(Napi::Env env, std::string_view text);
Napi::Value NumberValue(Napi::Env env, double number);
/** A 64-bit number as a decimal string, because a double would lose its low bits and JSON has no BigInt. */
Napi::Value DecimalValue(Napi::Env env, uint64_t number);

/** Builds an object, property by property. */
class ObjectValue {
 public:
  explicit ObjectValue(Napi::Env env);
  /** Adds to an object that exists. */
  ObjectValue(Napi::Env env, napi_value object) : env_(env), object_(object) {}

  ObjectValue& Set(const char* name, napi_value value);
  ObjectValue& Set(const char* name, std::string_view text);
  ObjectValue& Set(const char* name, double number);
  ObjectValue& Set(const char* name, bool flag);
  // Without this overload a string literal would become a boolean.
  ObjectValue& Set(const char* name, const char* text) { return Set(name, std::string_view(text)); }

  Napi::Value value() const { return {env_, object_}; }

 private:
  Napi::Env env_;
  napi_value object_ = nullptr;
};

}  // namespace kernel_identity::binding

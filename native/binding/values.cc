#include "values.h"

#include <charconv>

namespace kernel_identity::binding {

Napi::Value TextValue(Napi::Env env, std::string_view text) {
  napi_value value = nullptr;
  napi_create_string_utf8(env, text.data(), text.size(), &value);
  return {env, value};
}

Napi::Value AsciiValue(Napi::Env env, std::string_view text) {
  napi_value value = nullptr;
  napi_create_string_latin1(env, text.data(), text.size(), &value);
  return {env, value};
}

Napi::Value NumberValue(Napi::Env env, double number) {
  napi_value value = nullptr;
  napi_create_double(env, number, &value);
  return {env, value};
}

Napi::Value DecimalValue(Napi::Env env, uint64_t number) {
  char digits[20];
  const char* const end = std::to_chars(digits, digits + sizeof digits, number).ptr;
  return AsciiValue(env, {digits, static_cast<size_t>(end - digits)});
}

ObjectValue::ObjectValue(Napi::Env env) : env_(env) { napi_create_object(env, &object_); }

ObjectValue& ObjectValue::Set(const char* name, napi_value value) {
  napi_set_named_property(env_, object_, name, value);
  return *this;
}

ObjectValue& ObjectValue::Set(const char* name, std::string_view text) {
  return Set(name, static_cast<napi_value>(TextValue(env_, text)));
}

ObjectValue& ObjectValue::Set(const char* name, double number) {
  return Set(name, static_cast<napi_value>(NumberValue(env_, number)));
}

ObjectValue& ObjectValue::Set(const char* name, bool flag) {
  napi_value value = nullptr;
  napi_get_boolean(env_, flag, &value);
  return Set(name, value);
}

}  // namespace kernel_identity::binding

#pragma once

#include <napi.h>

#include <cstddef>
#include <type_traits>

#include "environment.h"

namespace kernel_identity::binding {

/** Calls a function of this folder from JavaScript. A function without a result answers undefined. */
template <auto function>
napi_value Call(napi_env env, napi_callback_info raw_info) {
  const Napi::CallbackInfo info(env, raw_info);
  if constexpr (std::is_void_v<decltype(function(info))>) {
    function(info);
    return nullptr;
  } else {
    return function(info);
  }
}

/** A row in the table of an object's functions. */
struct Method {
  const char* name;
  napi_callback call;
};

/** Adds the functions of a table to an object. Each function gets the {@link Environment} with every call. */
template <size_t count>
void AddMethods(Napi::Env env, napi_value object, const Method (&methods)[count], Environment* environment) {
  for (const Method& method : methods) {
    napi_value function = nullptr;
    napi_create_function(env, method.name, NAPI_AUTO_LENGTH, method.call, environment, &function);
    napi_set_named_property(env, object, method.name, function);
  }
}

/** A new object with the functions of a table. */
template <size_t count>
Napi::Value CreateMethods(Napi::Env env, const Method (&methods)[count], Environment* environment) {
  napi_value object = nullptr;
  napi_create_object(env, &object);
  AddMethods(env, object, methods, environment);
  return {env, object};
}

}  // namespace kernel_identity::binding

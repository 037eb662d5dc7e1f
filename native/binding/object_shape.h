#pragma once

#include <napi.h>

#include <cstddef>
#include <initializer_list>

namespace kernel_identity::binding {

/**
 * Makes objects that all have the same properties, for the calls that are made often. Node-API sets
 * properties one by one and by name, which costs about a small system call for each. A function `(a, b) => ({
 * a, b })`, made once, sets them all in one call, and V8 gives its results one hidden class.
 */
class ObjectShape {
 public:
  ObjectShape(Napi::Env env, std::initializer_list<const char*> names);

  /** Takes one value for each name, in their order. */
  Napi::Value Make(Napi::Env env, std::initializer_list<napi_value> values) const;

 private:
  Napi::FunctionReference make_;
};

}  // namespace kernel_identity::binding

#include "object_shape.h"

#include <string>

#include "values.h"

namespace kernel_identity::binding {

ObjectShape::ObjectShape(Napi::Env env, std::initializer_list<const char*> names) {
  std::string list;
  for (const char* const name : names) {
    list += name;
    list += ',';
  }
  std::string script = "(";
  script += list;
  script += ")=>({";
  script += list;
  script += "})";
  napi_value function = nullptr;
  if (napi_run_script(env, TextValue(env, script), &function) == napi_ok) {
    make_ = Napi::Persistent(Napi::Function(env, function));
  }
}

Napi::Value ObjectShape::Make(Napi::Env env, std::initializer_list<napi_value> values) const {
  napi_value make = nullptr;
  napi_value receiver = nullptr;
  napi_value result = nullptr;
  napi_get_reference_value(env, make_, &make);
  napi_get_undefined(env, &receiver);
  napi_call_function(env, receiver, make, values.size(), values.begin(), &result);
  return {env, result};
}

}  // namespace kernel_identity::binding

#include "../linux/random.h"

#include "errors.h"
#include "exports.h"

namespace kernel_identity::binding {

void FillRandom(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  napi_typedarray_type type = napi_int8_array;
  size_t size = 0;
  void* bytes = nullptr;
  if (napi_get_typedarray_info(env, info[0], &type, &size, &bytes, nullptr, nullptr) != napi_ok ||
      type != napi_uint8_array) {
    ThrowArgumentType(env, "bytes", "a Uint8Array");
    return;
  }
  const int result = system::FillRandom(static_cast<uint8_t*>(bytes), size);
  if (result < 0) ThrowSystemError(env, result, {.syscall = "getrandom"});
}

}  // namespace kernel_identity::binding

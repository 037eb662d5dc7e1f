#include "environment.h"
#include "exports.h"
#include "methods.h"
#include "values.h"

#ifndef KERNEL_IDENTITY_SOURCE_HASH
#error "binding.gyp defines KERNEL_IDENTITY_SOURCE_HASH"
#endif

namespace kernel_identity::binding {
namespace {

constexpr Method kMethods[] = {
    {"capabilities", Call<GetCapabilities>},
    {"fillRandom", Call<FillRandom>},
    {"lossEvents", Call<GetLossEvents>},
};

void AddExports(Napi::Env env, Napi::Object exports) {
  // Node deletes it with the JavaScript environment, which closes the descriptors that are left. Every thread
  // that loads the addon gets its own.
  auto* const environment = new Environment(env);
  env.SetInstanceData(environment);
  ObjectValue(env, exports)
      .Set("processes", CreateProcesses(env, environment))
      .Set("files", CreateFiles(env, environment))
      .Set("witness", CreateWitness(env, environment))
      .Set("directoryWitness", CreateDirectoryWitness(env, environment))
      .Set("lifeline", CreateLifeline(env, environment))
      .Set("watch", CreateWatch(env, environment))
      .Set("lease", CreateLease(env, environment))
      // Shows whether the binary was built from the sources that are here.
      .Set("sourceHash", KERNEL_IDENTITY_SOURCE_HASH);
  AddMethods(env, exports, kMethods, environment);
}

}  // namespace
}  // namespace kernel_identity::binding

static Napi::Object Initialize(Napi::Env env, Napi::Object exports) {
  kernel_identity::binding::AddExports(env, exports);
  return exports;
}

NODE_API_MODULE(kernel_identity, Initialize)

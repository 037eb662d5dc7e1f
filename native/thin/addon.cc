#include "environment.h"
#include "subscriptions.h"

#ifndef KERNEL_IDENTITY_SOURCE_HASH
#error "scripts/prebuilds/zig.mjs defines KERNEL_IDENTITY_SOURCE_HASH"
#endif

namespace kernel_identity::thin {
namespace {

/** probe(pid): { key, started, hasExited }, where null stands for what is not known, or an errno name. */
napi_value ProbeOf(napi_env env, napi_callback_info info) {
  const Call call(env, info);
  uint32_t pid = 0;
  if (!call.TakePid(0, &pid)) return nullptr;
  Sight sight = {};
  const Answer answer = Probe(pid, &sight);
  if (answer != Answer::kOk) return call.Failure(answer);
  napi_value object = nullptr;
  if (call.node().create_object(env, &object) != napi_ok) return nullptr;
  const auto set = [&](const char* name, napi_value value) {
    call.node().set_named_property(env, object, name, value);
  };
  set("key", sight.key == 0 ? call.Null() : call.Decimal(sight.key));
  set("started", sight.started == 0 ? call.Null() : call.Number(static_cast<double>(sight.started)));
  set("hasExited", call.Boolean(sight.has_exited));
  return object;
}

/** boot(): see ReadBoot. */
napi_value Boot(napi_env env, napi_callback_info info) {
  const Call call(env, info);
  char text[kBootTextSize] = {};
  return ReadBoot(text) ? call.Text(text) : call.Null();
}

napi_value NumbersAreShared(napi_env env, napi_callback_info info) {
  const Call call(env, info);
  return call.Boolean(AreNumbersShared());
}

#ifdef _WIN32
constexpr auto kReadPath = &NodeFunctions::get_value_string_utf16;
#else
constexpr auto kReadPath = &NodeFunctions::get_value_string_utf8;
#endif

/** volume(path): see ReadVolume. */
napi_value Volume(napi_env env, napi_callback_info info) {
  const Call call(env, info);
  const auto read = call.node().*kReadPath;
  size_t length = 0;
  if (call[0] == nullptr || read(env, call[0], nullptr, 0, &length) != napi_ok) {
    return call.ThrowType("a path must be a string");
  }
  // The longest path of Windows; macOS has shorter ones.
  if (length > 32767) return call.Null();
  const size_t size = length + 1;
  auto* const path =
      static_cast<PathCharacter*>(Allocate(static_cast<unsigned>(size * sizeof(PathCharacter))));
  if (path == nullptr) return call.Null();
  char name[kVolumeNameSize] = {};
  bool is_known = read(env, call[0], path, size, &length) == napi_ok;
  // A path with a null character would lead elsewhere.
  for (size_t at = 0; at < length; at++) is_known = is_known && path[at] != 0;
  is_known = is_known && ReadVolume(path, name);
  Free(path);
  return is_known ? call.Text(name) : call.Null();
}

/** testWitness(descriptor): see TestWitness. */
napi_value TestWitnessOf(napi_env env, napi_callback_info info) {
  const Call call(env, info);
  int descriptor = 0;
  if (!call.TakeDescriptor(0, &descriptor)) return nullptr;
  switch (TestWitness(descriptor)) {
    case LockState::kHeld:
      return call.Text("held");
    case LockState::kFree:
      return call.Text("free");
    default:
      return call.Text("untestable");
  }
}

void End(void* data) {
  auto* const environment = static_cast<Environment*>(data);
  CancelAll(environment);
  Free(environment);
}

struct Method {
  const char* name;
  napi_callback function;
};

constexpr Method kMethods[] = {
    {"boot", Boot},
    {"cancel", Cancel},
    {"numbersAreShared", NumbersAreShared},
    {"probe", ProbeOf},
    {"testWitness", TestWitnessOf},
    {"volume", Volume},
    {"watchEnd", WatchEndOf},
    {"watchFile", WatchFileOf},
};

}  // namespace

/** Gives the addon to JavaScript. Without it, or where something is missing, the object has no sourceHash. */
napi_value Initialize(napi_env env, napi_value exports) {
  const NodeFunctions* const node = FindNodeFunctions();
  if (node == nullptr) return exports;
  auto* const environment = static_cast<Environment*>(Allocate(sizeof(Environment)));
  if (environment == nullptr) return exports;
  environment->node = node;
  environment->env = env;
  if (node->add_env_cleanup_hook(env, End, environment) != napi_ok) {
    Free(environment);
    return exports;
  }
  for (const Method& method : kMethods) {
    napi_value function = nullptr;
    if (node->create_function(env, method.name, NAPI_AUTO_LENGTH, method.function, environment, &function) !=
            napi_ok ||
        node->set_named_property(env, exports, method.name, function) != napi_ok) {
      return exports;
    }
  }
  napi_value hash = nullptr;
  // Shows whether the binary was built from the sources that are here.
  node->create_string_latin1(env, KERNEL_IDENTITY_SOURCE_HASH, NAPI_AUTO_LENGTH, &hash);
  node->set_named_property(env, exports, "sourceHash", hash);
  return exports;
}

}  // namespace kernel_identity::thin

#ifdef _WIN32
#define KERNEL_IDENTITY_EXPORT extern "C" __declspec(dllexport)
#else
#define KERNEL_IDENTITY_EXPORT extern "C" __attribute__((visibility("default")))
#endif

/** Node calls these two by their names. */
KERNEL_IDENTITY_EXPORT int32_t node_api_module_get_api_version_v1() { return NAPI_VERSION; }

KERNEL_IDENTITY_EXPORT napi_value napi_register_module_v1(napi_env env, napi_value exports) {
  return kernel_identity::thin::Initialize(env, exports);
}

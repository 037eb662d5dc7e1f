#pragma once

#include <napi.h>

#include "environment.h"

namespace kernel_identity::binding {

// One object of functions for each concern. Their names, parameters and results are those of the backend
// interface in src/backend/backend.ts, so that JavaScript calls them without a layer in between.

Napi::Value CreateProcesses(Napi::Env env, Environment* environment);
Napi::Value CreateFiles(Napi::Env env, Environment* environment);
/** Adds the functions that take names in directories to the object of {@link CreateFiles}. */
void AddDirectoryEntries(Napi::Env env, napi_value files, Environment* environment);
Napi::Value CreateWitness(Napi::Env env, Environment* environment);
Napi::Value CreateDirectoryWitness(Napi::Env env, Environment* environment);
Napi::Value CreateWatch(Napi::Env env, Environment* environment);
Napi::Value CreateLifeline(Napi::Env env, Environment* environment);
Napi::Value CreateLease(Napi::Env env, Environment* environment);
Napi::Value GetCapabilities(const Napi::CallbackInfo& info);
Napi::Value GetLossEvents(const Napi::CallbackInfo& info);
void FillRandom(const Napi::CallbackInfo& info);

}  // namespace kernel_identity::binding

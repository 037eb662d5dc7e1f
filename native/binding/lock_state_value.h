#pragma once

#include <napi.h>

#include "../linux/lock_state.h"
#include "values.h"

namespace kernel_identity::binding {

/** `held`, `free` or `untestable`: the WitnessTest of src/backend/backend.ts. */
inline Napi::Value LockStateValue(Napi::Env env, system::LockState state) {
  switch (state) {
    case system::LockState::kHeld:
      return AsciiValue(env, "held");
    case system::LockState::kFree:
      return AsciiValue(env, "free");
    case system::LockState::kUntestable:
      break;
  }
  return AsciiValue(env, "untestable");
}

}  // namespace kernel_identity::binding

#include <string>

#include "../linux/lifelines.h"
#include "arguments.h"
#include "errors.h"
#include "exports.h"
#include "lifeline_text.h"
#include "lock_state_value.h"
#include "methods.h"
#include "values.h"

namespace kernel_identity::binding {
namespace {

using system::Lifelines;

/** null for a lifeline that could not be taken: its text and the name of an error would both be strings. */
Napi::Value LifelineOrNull(Napi::Env env, int result, const system::Lifeline& lifeline) {
  if (result < 0) return env.Null();
  return AsciiValue(env, LifelineText(lifeline));
}

Napi::Value TakeOfProcess(const Napi::CallbackInfo& info) {
  system::Lifeline lifeline;
  const int result = Lifelines::OfProcess().TakeOfProcess(&lifeline);
  return LifelineOrNull(info.Env(), result, lifeline);
}

/** False, with a JavaScript exception pending, for anything but an offset. */
bool TakeOffset(const Napi::CallbackInfo& info, uint64_t* offset) {
  if (!Arguments(info).Decimal(0, "offset", offset)) return false;
  if (*offset < system::kLifelineOffsets) return true;
  ThrowOutOfRange(info.Env(), "offset", "a decimal number below 2^62");
  return false;
}

Napi::Value Take(const Napi::CallbackInfo& info) {
  uint64_t offset = 0;
  if (!TakeOffset(info, &offset)) return {};
  system::Lifeline lifeline;
  const int result = Lifelines::OfProcess().Take(offset, &lifeline);
  if (result == 0) EnvironmentOf(info).lifelines.Add(lifeline);
  return LifelineOrNull(info.Env(), result, lifeline);
}

Napi::Value TakeInheritable(const Napi::CallbackInfo& info) {
  uint64_t offset = 0;
  if (!TakeOffset(info, &offset)) return {};
  system::Lifeline lifeline;
  system::UniqueFd descriptor;
  const int result = Lifelines::OfProcess().TakeInheritable(offset, &lifeline, &descriptor);
  if (result < 0) return info.Env().Null();
  return ObjectValue(info.Env())
      .Set("lifeline", LifelineText(lifeline))
      .Set("descriptor", HandOver(info, descriptor.Release()))
      .value();
}

void Drop(const Napi::CallbackInfo& info) {
  TextArgument text;
  if (!Arguments(info).Text(0, "lifeline", &text)) return;
  system::Lifeline lifeline;
  if (ParseLifeline(text.view(), &lifeline)) EnvironmentOf(info).lifelines.Drop(lifeline);
}

Napi::Value Test(const Napi::CallbackInfo& info) {
  TextArgument text;
  if (!Arguments(info).Text(0, "lifeline", &text)) return {};
  system::Lifeline lifeline;
  const bool is_known = ParseLifeline(text.view(), &lifeline);
  return LockStateValue(info.Env(),
                        is_known ? Lifelines::OfProcess().Test(lifeline) : system::LockState::kUntestable);
}

/** Adds the lifelines of one space to the array. */
int AddFound(Napi::Env env, napi_value array, system::LifelineSpace space, size_t limit, bool* truncated,
             bool* obscured) {
  system::LifelineList list;
  const int result = Lifelines::OfProcess().List(space, limit, &list);
  if (result < 0) return result;
  uint32_t index = 0;
  napi_get_array_length(env, array, &index);
  for (const system::Lifeline& lifeline : list.found) {
    napi_set_element(env, array, index++, AsciiValue(env, LifelineText(lifeline)));
  }
  *truncated = *truncated || list.truncated;
  *obscured = *obscured || list.obscured;
  return 0;
}

Napi::Value List(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  size_t limit = 0;
  if (!Arguments(info).Limit(0, "limit", &limit)) return {};
  napi_value found = nullptr;
  napi_create_array(env, &found);
  bool truncated = false;
  bool obscured = false;
  const int of_time = AddFound(env, found, system::LifelineSpace::kTime, limit, &truncated, &obscured);
  const int of_user = AddFound(env, found, system::LifelineSpace::kUser, limit, &truncated, &obscured);
  if (of_time < 0 && of_user < 0) return env.Null();
  return ObjectValue(env).Set("found", found).Set("truncated", truncated).Set("obscured", obscured).value();
}

Napi::Value Losses(const Napi::CallbackInfo& info) {
  return NumberValue(info.Env(), static_cast<double>(Lifelines::OfProcess().losses()));
}

constexpr Method kMethods[] = {
    {"takeOfProcess", Call<TakeOfProcess>},
    {"take", Call<Take>},
    {"takeInheritable", Call<TakeInheritable>},
    {"drop", Call<Drop>},
    {"test", Call<Test>},
    {"list", Call<List>},
    {"losses", Call<Losses>},
};

}  // namespace

Napi::Value CreateLifeline(Napi::Env env, Environment* environment) {
  return CreateMethods(env, kMethods, environment);
}

}  // namespace kernel_identity::binding

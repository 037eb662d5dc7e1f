#include <cerrno>
#include <string>

#include "../linux/lifelines.h"
#include "../linux/result.h"
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

/**
 * null for a lifeline that cannot be taken, and not the name of the error, which is a string like its text.
 * Throws where descriptors or memory have run out, because null would stand in a record for good.
 */
Napi::Value LifelineOrNull(Napi::Env env, int result, const system::Lifeline& lifeline) {
  if (system::IsShortage(result)) return ThrowSystemError(env, result, {.syscall = "fcntl"});
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
  if (*offset < system::kByteOffsets) return true;
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
  if (result < 0) return LifelineOrNull(info.Env(), result, lifeline);
  return ObjectValue(info.Env())
      .Set("lifeline", LifelineText(lifeline))
      .Set("descriptor", HandOver(info, descriptor.Release()))
      .value();
}

void TakeThrough(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const Arguments arguments(info);
  int fd = -1;
  TextArgument text;
  if (!arguments.Descriptor(0, "fd", &fd) || !arguments.Text(1, "lifeline", &text)) return;
  system::Lifeline lifeline;
  // Any text may stand in a record, so one that names no lifeline is an error of the system and no TypeError.
  const int result = ParseLifeline(text.view(), &lifeline) ? Lifelines::TakeThrough(fd, lifeline) : -EXDEV;
  if (result < 0) ThrowSystemError(env, result, {.syscall = "fcntl"});
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

/** Collects the answer of `list` from one space after the other. */
class Listing {
 public:
  Listing(Napi::Env env, size_t limit) : env_(env), limit_(limit) {
    napi_create_array(env, &spaces_);
    napi_create_array(env, &found_);
  }

  /** Leaves out a space that this process cannot open. */
  void Search(system::LifelineSpace space) {
    system::LifelineList list;
    if (Lifelines::OfProcess().List(space, limit_, &list) < 0) return;
    napi_set_element(env_, spaces_, space_count_++, AsciiValue(env_, LifelineSpaceName(space)));
    for (const system::Lifeline& lifeline : list.found) {
      napi_set_element(env_, found_, found_count_++, AsciiValue(env_, LifelineText(lifeline)));
    }
    truncated_ = truncated_ || list.truncated;
    obscured_ = obscured_ || list.obscured;
  }

  /** null when no space could be searched. */
  Napi::Value value() const {
    if (space_count_ == 0) return env_.Null();
    return ObjectValue(env_)
        .Set("spaces", spaces_)
        .Set("found", found_)
        .Set("truncated", truncated_)
        .Set("obscured", obscured_)
        .value();
  }

 private:
  Napi::Env env_;
  size_t limit_;
  napi_value spaces_ = nullptr;
  napi_value found_ = nullptr;
  uint32_t space_count_ = 0;
  uint32_t found_count_ = 0;
  bool truncated_ = false;
  bool obscured_ = false;
};

Napi::Value List(const Napi::CallbackInfo& info) {
  size_t limit = 0;
  if (!Arguments(info).Limit(0, "limit", &limit)) return {};
  Listing listing(info.Env(), limit);
  listing.Search(system::LifelineSpace::kTime);
  listing.Search(system::LifelineSpace::kUser);
  return listing.value();
}

Napi::Value Losses(const Napi::CallbackInfo& info) {
  return NumberValue(info.Env(), static_cast<double>(Lifelines::OfProcess().losses()));
}

constexpr Method kMethods[] = {
    {"takeOfProcess", Call<TakeOfProcess>},
    {"take", Call<Take>},
    {"takeInheritable", Call<TakeInheritable>},
    {"takeThrough", Call<TakeThrough>},
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

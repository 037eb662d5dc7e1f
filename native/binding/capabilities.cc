#include "../linux/capabilities.h"

#include <utility>

#include "errors.h"
#include "exports.h"
#include "values.h"

namespace kernel_identity::binding {
namespace {

Napi::Value CapabilityValue(Napi::Env env, const system::Capability& capability) {
  return ObjectValue(env).Set("available", capability.available).Set("reason", capability.reason).value();
}

}  // namespace

Napi::Value GetCapabilities(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  std::optional<system::Capabilities>& known = EnvironmentOf(info).capabilities;
  if (!known) {
    system::Capabilities probed;
    const int shortage = system::ProbeCapabilities(&probed);
    if (shortage < 0) return ThrowSystemError(env, shortage, {.syscall = "open"});
    known = std::move(probed);
  }
  return ObjectValue(env)
      .Set("pidfd", CapabilityValue(env, known->pidfd))
      .Set("pidfdInode", CapabilityValue(env, known->pidfd_inode))
      .Set("namespaceId", CapabilityValue(env, known->namespace_id))
      .Set("takeWitness", CapabilityValue(env, known->take_witness))
      .Set("testWitness", CapabilityValue(env, known->test_witness))
      .Set("lifeline", CapabilityValue(env, known->lifeline))
      .Set("renameNoReplace", CapabilityValue(env, known->rename_no_replace))
      .value();
}

Napi::Value GetLossEvents(const Napi::CallbackInfo& info) {
  std::optional<system::Capability>& known = EnvironmentOf(info).loss_events;
  if (!known) known = system::ProbeLossEvents();
  return CapabilityValue(info.Env(), *known);
}

}  // namespace kernel_identity::binding

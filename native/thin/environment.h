#pragma once

#include "kernel.h"
#include "node_functions.h"

namespace kernel_identity::thin {

struct Subscription;

/** What the addon keeps for one JavaScript environment: each worker thread has its own. */
struct Environment {
  const NodeFunctions* node;
  napi_env env;
  /** All that are not cancelled yet, the latest first. */
  Subscription* subscriptions;
  uint64_t last_ticket;
};

/** A call from JavaScript, and what it needs for its answer. Only the first six arguments are seen. */
class Call {
 public:
  Call(napi_env env, napi_callback_info info);

  Environment& environment() const { return *environment_; }
  const NodeFunctions& node() const { return *environment_->node; }
  napi_env env() const { return env_; }
  napi_value operator[](unsigned index) const { return arguments_[index]; }

  // Each of these throws a TypeError or a RangeError where it answers false.

  bool TakePid(unsigned index, uint32_t* pid) const;
  bool TakeDescriptor(unsigned index, int* descriptor) const;
  /** An integer from 0 to `largest`. */
  bool TakeInteger(unsigned index, double largest, double* number) const;
  bool IsFunction(unsigned index) const;

  napi_value Undefined() const;
  napi_value Null() const;
  napi_value Boolean(bool value) const;
  napi_value Number(double value) const;
  napi_value Text(const char* text) const;
  /** As a decimal text, because 64 bits do not fit into a number. */
  napi_value Decimal(uint64_t number) const;
  /** The errno name that stands for the failure. */
  napi_value Failure(Answer answer) const;

  napi_value ThrowType(const char* words) const;
  napi_value ThrowRange(const char* words) const;

 private:
  static constexpr unsigned kMostArguments = 6;
  napi_env env_;
  Environment* environment_ = nullptr;
  napi_value arguments_[kMostArguments] = {};
};

}  // namespace kernel_identity::thin

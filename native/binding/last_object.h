#pragma once

#include <napi.h>

namespace kernel_identity::binding {

/**
 * The last value that was given to JavaScript, and its object. A caller that polls gets the same value again
 * and again, and making an object takes as long as four small system calls.
 */
template <typename Value>
class LastObject {
 public:
  /** The object of `value`; `make` makes it when the value differs from the last one. */
  template <typename Make>
  Napi::Value For(const Value& value, Make make) {
    if (object_.IsEmpty() || value_ != value) {
      const Napi::Value made = make();
      if (made.IsEmpty()) return made;
      value_ = value;
      object_ = Napi::Persistent(made.As<Napi::Object>());
    }
    return object_.Value();
  }

 private:
  Value value_{};
  Napi::ObjectReference object_;
};

}  // namespace kernel_identity::binding

#pragma once

#include <napi.h>

namespace kernel_identity::binding {

/**
 * The value that was given to JavaScript last, and its object: whoever polls sees the same again and again,
 * and to make an object takes as long as four small system calls.
 */
template <typename Value>
class LastObject {
 public:
  /** The object of `value`, by `make` where it is another one than last. */
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

#include "arguments.h"

#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>
#include <new>
#include <system_error>

#include "errors.h"

namespace kernel_identity::binding {
namespace {

constexpr double kNanosecondsPerMillisecond = 1e6;
// About a hundred years, in milliseconds.
constexpr double kLongestWait = 3e12;
// Number.MAX_SAFE_INTEGER.
constexpr double kLargestInteger = 9007199254740991;

}  // namespace

bool Arguments::Number(size_t index, const char* name, double* number) const {
  if (napi_get_value_double(info_.Env(), info_[index], number) == napi_ok) return true;
  ThrowArgumentType(info_.Env(), name, "a number");
  return false;
}

bool Arguments::Integer(size_t index, const char* name, int minimum, const char* range, int* number) const {
  double value = 0;
  if (!Number(index, name, &value)) return false;
  // NaN compares false with everything, so the condition describes the numbers that are accepted.
  const bool fits =
      value >= minimum && value <= std::numeric_limits<int>::max() && std::trunc(value) == value;
  if (!fits) {
    ThrowOutOfRange(info_.Env(), name, range);
    return false;
  }
  *number = static_cast<int>(value);
  return true;
}

bool Arguments::Pid(size_t index, const char* name, pid_t* pid) const {
  return Integer(index, name, 1, "an integer from 1 to 2147483647", pid);
}

bool Arguments::Descriptor(size_t index, const char* name, int* fd) const {
  return Integer(index, name, 0, "an integer from 0 to 2147483647", fd);
}

bool Arguments::Limit(size_t index, const char* name, size_t* limit) const {
  int number = 0;
  if (!Integer(index, name, 0, "an integer from 0 to 2147483647", &number)) return false;
  *limit = static_cast<size_t>(number);
  return true;
}

bool Arguments::Timeout(size_t index, const char* name, int64_t* nanoseconds) const {
  double milliseconds = 0;
  if (!Number(index, name, &milliseconds)) return false;
  if (!(milliseconds >= 0)) {
    ThrowOutOfRange(info_.Env(), name, "a number of milliseconds from 0 to Infinity");
    return false;
  }
  *nanoseconds = milliseconds > kLongestWait
                     ? -1
                     : static_cast<int64_t>(std::ceil(milliseconds * kNanosecondsPerMillisecond));
  return true;
}

bool Arguments::Interval(size_t index, const char* name, int64_t* nanoseconds) const {
  double milliseconds = 0;
  if (!Number(index, name, &milliseconds)) return false;
  if (!(milliseconds > 0 && milliseconds <= std::numeric_limits<int>::max())) {
    ThrowOutOfRange(info_.Env(), name, "a number of milliseconds above 0, at most 2147483647");
    return false;
  }
  *nanoseconds = static_cast<int64_t>(std::ceil(milliseconds * kNanosecondsPerMillisecond));
  return true;
}

bool Arguments::Ticket(size_t index, const char* name, uint64_t* ticket) const {
  double value = 0;
  if (!Number(index, name, &value)) return false;
  if (!(value >= 0 && value <= kLargestInteger && std::trunc(value) == value)) {
    ThrowOutOfRange(info_.Env(), name, "an integer from 0 to 9007199254740991");
    return false;
  }
  *ticket = static_cast<uint64_t>(value);
  return true;
}

bool Arguments::Decimal(size_t index, const char* name, uint64_t* number) const {
  char digits[24];
  size_t length = 0;
  if (napi_get_value_string_latin1(info_.Env(), info_[index], digits, sizeof digits, &length) == napi_ok) {
    const auto [end, error] = std::from_chars(digits, digits + length, *number);
    if (error == std::errc() && length > 0 && end == digits + length) return true;
  }
  ThrowArgumentType(info_.Env(), name, "a 64-bit number as a decimal string");
  return false;
}

bool Arguments::Function(size_t index, const char* name, Napi::Function* function) const {
  if (!info_[index].IsFunction()) {
    ThrowArgumentType(info_.Env(), name, "a function");
    return false;
  }
  *function = info_[index].As<Napi::Function>();
  return true;
}

bool Arguments::Path(size_t index, const char* name, PathArgument* path) const {
  size_t length = 0;
  const napi_status status =
      napi_get_value_string_utf8(info_.Env(), info_[index], path->text_, sizeof path->text_, &length);
  if (status != napi_ok || std::strlen(path->text_) != length) {
    ThrowArgumentType(info_.Env(), name, "a string without null bytes");
    return false;
  }
  return true;
}

bool Arguments::Name(size_t index, const char* name, PathArgument* entry) const {
  if (!Path(index, name, entry)) return false;
  if (entry->text_[0] == '\0' || std::strchr(entry->text_, '/') != nullptr) {
    ThrowArgumentType(info_.Env(), name, "the name of a directory entry, without slashes");
    return false;
  }
  return true;
}

bool Arguments::Text(size_t index, const char* name, TextArgument* text) const {
  const napi_env env = info_.Env();
  const napi_value value = info_[index];
  size_t length = 0;
  if (napi_get_value_string_utf8(env, value, text->small_, sizeof text->small_, &length) != napi_ok) {
    ThrowArgumentType(env, name, "a string");
    return false;
  }
  // A text that was cut ends within the last four bytes, before the first character that had no room.
  if (length + 4 < sizeof text->small_) {
    text->view_ = {text->small_, length};
    return true;
  }
  size_t needed = 0;
  if (napi_get_value_string_utf8(env, value, nullptr, 0, &needed) == napi_ok) {
    text->large_.reset(new (std::nothrow) char[needed + 1]);
    if (text->large_ != nullptr &&
        napi_get_value_string_utf8(env, value, text->large_.get(), needed + 1, &length) == napi_ok) {
      text->view_ = {text->large_.get(), length};
      return true;
    }
  }
  ThrowOutOfRange(env, name, "a text that fits into memory");
  return false;
}

bool Arguments::IsText(size_t index, std::string_view text) const {
  char buffer[32];
  size_t length = 0;
  return napi_get_value_string_utf8(info_.Env(), info_[index], buffer, sizeof buffer, &length) == napi_ok &&
         std::string_view(buffer, length) == text;
}

}  // namespace kernel_identity::binding

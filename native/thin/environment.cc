#include "environment.h"

namespace kernel_identity::thin {
namespace {

constexpr double kLargestPid = 2147483647;
constexpr double kLargestDescriptor = 2147483647;

}  // namespace

Call::Call(napi_env env, napi_callback_info info) : env_(env) {
  // The environment, which has the table of functions too, is known only after this call.
  size_t count = kMostArguments;
  void* data = nullptr;
  FindNodeFunctions()->get_cb_info(env, info, &count, arguments_, nullptr, &data);
  environment_ = static_cast<Environment*>(data);
}

bool Call::TakePid(unsigned index, uint32_t* pid) const {
  double number = 0;
  if (!TakeInteger(index, kLargestPid, &number)) return false;
  *pid = static_cast<uint32_t>(number);
  if (*pid != 0) return true;
  ThrowRange("pid must be an integer from 1 to 2147483647");
  return false;
}

bool Call::TakeDescriptor(unsigned index, int* descriptor) const {
  double number = 0;
  if (!TakeInteger(index, kLargestDescriptor, &number)) return false;
  *descriptor = static_cast<int>(number);
  return true;
}

bool Call::TakeInteger(unsigned index, double largest, double* number) const {
  if (arguments_[index] == nullptr || node().get_value_double(env_, arguments_[index], number) != napi_ok) {
    ThrowType("a pid, an index, a descriptor and a ticket must be numbers");
    return false;
  }
  const bool is_within = *number >= 0 && *number <= largest;
  // A conversion of what is not within 64 bits would be undefined.
  if (is_within && static_cast<double>(static_cast<uint64_t>(*number)) == *number) return true;
  ThrowRange("a pid, an index, a descriptor and a ticket must be integers in their range");
  return false;
}

bool Call::IsFunction(unsigned index) const {
  napi_valuetype type = napi_undefined;
  return arguments_[index] != nullptr && node().typeof(env_, arguments_[index], &type) == napi_ok &&
         type == napi_function;
}

napi_value Call::Undefined() const {
  napi_value value = nullptr;
  node().get_undefined(env_, &value);
  return value;
}

napi_value Call::Null() const {
  napi_value value = nullptr;
  node().get_null(env_, &value);
  return value;
}

napi_value Call::Boolean(bool value) const {
  napi_value result = nullptr;
  node().get_boolean(env_, value, &result);
  return result;
}

napi_value Call::Number(double value) const {
  napi_value result = nullptr;
  node().create_double(env_, value, &result);
  return result;
}

napi_value Call::Text(const char* text) const {
  napi_value result = nullptr;
  node().create_string_latin1(env_, text, NAPI_AUTO_LENGTH, &result);
  return result;
}

napi_value Call::Decimal(uint64_t number) const {
  char digits[21];
  char* first = digits + sizeof digits - 1;
  *first = '\0';
  do {
    *--first = static_cast<char>('0' + number % 10);
    number /= 10;
  } while (number != 0);
  return Text(first);
}

napi_value Call::Failure(Answer answer) const {
  switch (answer) {
    case Answer::kNoProcess:
      return Text("ESRCH");
    case Answer::kShortage:
      return Text("ENOMEM");
    case Answer::kUnsupported:
      return Text("ENOTSUP");
    default:
      return Text("EPERM");
  }
}

napi_value Call::ThrowType(const char* words) const {
  node().throw_type_error(env_, "ERR_INVALID_ARG_TYPE", words);
  return nullptr;
}

napi_value Call::ThrowRange(const char* words) const {
  node().throw_range_error(env_, "ERR_OUT_OF_RANGE", words);
  return nullptr;
}

}  // namespace kernel_identity::thin

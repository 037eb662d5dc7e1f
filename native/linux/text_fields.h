#pragma once

#include <charconv>
#include <string_view>

namespace kernel_identity::system {

/** Reads the whole of `text` as a decimal number; false for anything else, an overflow included. */
template <typename Number>
bool ParseDecimal(std::string_view text, Number* number) {
  const char* const end = text.data() + text.size();
  const std::from_chars_result parsed = std::from_chars(text.data(), end, *number);
  return parsed.ec == std::errc() && parsed.ptr == end;
}

/** Walks over the fields of a text that blanks separate, which is the form of many files under /proc. */
class TextFields {
 public:
  explicit TextFields(std::string_view text) : rest_(text) {}

  /** The next field, empty at the end. */
  std::string_view Next() {
    const size_t start = rest_.find_first_not_of(kBlanks);
    if (start == std::string_view::npos) {
      rest_ = {};
      return {};
    }
    rest_.remove_prefix(start);
    const size_t length = rest_.find_first_of(kBlanks);
    const std::string_view field = rest_.substr(0, length);
    rest_.remove_prefix(field.size());
    return field;
  }

  void Skip(int count) {
    for (int i = 0; i < count; ++i) Next();
  }

  /** The text after the last field that was read. */
  std::string_view rest() const { return rest_; }

 private:
  static constexpr std::string_view kBlanks = " \t\n";

  std::string_view rest_;
};

}  // namespace kernel_identity::system

#include "lifeline_text.h"

#include <charconv>

namespace kernel_identity::binding {
namespace {

struct SpaceName {
  system::LifelineSpace space;
  std::string_view prefix;
};

constexpr SpaceName kNames[] = {
    {system::LifelineSpace::kTime, "time:"},
    {system::LifelineSpace::kUser, "user:"},
};

}  // namespace

std::string LifelineText(const system::Lifeline& lifeline) {
  for (const SpaceName& name : kNames) {
    if (name.space == lifeline.space) return std::string(name.prefix) + std::to_string(lifeline.offset);
  }
  return {};
}

bool ParseLifeline(std::string_view text, system::Lifeline* lifeline) {
  for (const SpaceName& name : kNames) {
    if (!text.starts_with(name.prefix)) continue;
    const std::string_view digits = text.substr(name.prefix.size());
    uint64_t offset = 0;
    const char* const end = digits.data() + digits.size();
    const auto parsed = std::from_chars(digits.data(), end, offset);
    if (parsed.ec != std::errc() || parsed.ptr != end || offset >= system::kLifelineOffsets) return false;
    *lifeline = {.space = name.space, .offset = offset};
    return true;
  }
  return false;
}

}  // namespace kernel_identity::binding

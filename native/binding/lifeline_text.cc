#include "lifeline_text.h"

#include "../linux/text_fields.h"

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

std::string_view LifelineSpaceName(system::LifelineSpace space) {
  for (const SpaceName& name : kNames) {
    if (name.space == space) return name.prefix.substr(0, name.prefix.size() - 1);
  }
  return {};
}

std::string LifelineText(const system::Lifeline& lifeline) {
  return std::string(LifelineSpaceName(lifeline.space)) + ':' + std::to_string(lifeline.offset);
}

bool ParseLifeline(std::string_view text, system::Lifeline* lifeline) {
  for (const SpaceName& name : kNames) {
    if (!text.starts_with(name.prefix)) continue;
    uint64_t offset = 0;
    const bool is_number = system::ParseDecimal(text.substr(name.prefix.size()), &offset);
    if (!is_number || offset >= system::kByteOffsets) return false;
    *lifeline = {.space = name.space, .offset = offset};
    return true;
  }
  return false;
}

}  // namespace kernel_identity::binding

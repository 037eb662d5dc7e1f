#pragma once

#include <string>
#include <string_view>

#include "../linux/lifelines.h"

namespace kernel_identity::binding {

/** The name of a space in records, such as `time`. */
std::string_view LifelineSpaceName(system::LifelineSpace space);

/** A lifeline as records hold it: `<space>:<offset>`, such as `time:1234`. */
std::string LifelineText(const system::Lifeline& lifeline);

/** False for a space that is not known here, and for an offset that is no decimal number below 2^62. */
bool ParseLifeline(std::string_view text, system::Lifeline* lifeline);

}  // namespace kernel_identity::binding

#pragma once

namespace kernel_identity::system {

/** What a test finds of a lock that lives as long as its owner: a witness or a lifeline. */
enum class LockState { kHeld, kFree, kUntestable };

}  // namespace kernel_identity::system

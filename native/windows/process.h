#pragma once

#include "../thin/kernel.h"
#include "handle.h"

namespace kernel_identity::thin {

/**
 * Opens the process that has exactly this number, to wait for it and to look at it. `kOk` and a handle, which
 * the caller closes.
 */
Answer OpenProcessOf(uint32_t pid, HANDLE* process);

}  // namespace kernel_identity::thin

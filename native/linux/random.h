#pragma once

#include <cstddef>
#include <cstdint>

namespace kernel_identity::system {

/** Fills memory from the kernel's random generator (getrandom(2), Linux 3.17). 0 or -errno. */
int FillRandom(uint8_t* bytes, size_t size);

}  // namespace kernel_identity::system

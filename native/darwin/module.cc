#include <stdlib.h>

#include "../thin/kernel.h"
#include "../thin/node_functions.h"

namespace kernel_identity::thin {
namespace {

/** The loader finds them in the program, whatever its name is (dyld(1), flat lookup). */
const NodeFunctions kFunctions = {
#define KERNEL_IDENTITY_ADDRESS(name) &::napi_##name,
    KERNEL_IDENTITY_NODE_FUNCTIONS(KERNEL_IDENTITY_ADDRESS)
#undef KERNEL_IDENTITY_ADDRESS
};

}  // namespace

const NodeFunctions* FindNodeFunctions() { return &kFunctions; }

void* Allocate(unsigned size) { return calloc(1, size); }

void Free(void* memory) { free(memory); }

}  // namespace kernel_identity::thin

#include "../thin/kernel.h"
#include "../thin/node_functions.h"
#include "handle.h"

namespace kernel_identity::thin {
namespace {

/** Written once, while the loader keeps all other threads out. */
NodeFunctions functions;
bool has_functions = false;

void* FindInNode(HMODULE program, HMODULE library, const char* name) {
  const FARPROC found = GetProcAddress(program, name);
  if (found != nullptr || library == nullptr) return reinterpret_cast<void*>(found);
  return reinterpret_cast<void*>(GetProcAddress(library, name));
}

bool FindAll() {
  // The program itself is Node, or one that has Node in it. Some builds have it in a library.
  const HMODULE program = GetModuleHandleW(nullptr);
  const HMODULE library = GetModuleHandleW(L"libnode.dll");
  bool has_all = true;
#define KERNEL_IDENTITY_FIND(name)                                                                          \
  functions.name = reinterpret_cast<decltype(functions.name)>(FindInNode(program, library, "napi_" #name)); \
  has_all = has_all && functions.name != nullptr;
  KERNEL_IDENTITY_NODE_FUNCTIONS(KERNEL_IDENTITY_FIND)
#undef KERNEL_IDENTITY_FIND
  return has_all;
}

}  // namespace

const NodeFunctions* FindNodeFunctions() { return has_functions ? &functions : nullptr; }

void* Allocate(unsigned size) { return HeapAlloc(GetProcessHeap(), HEAP_ZERO_MEMORY, size); }

void Free(void* memory) { HeapFree(GetProcessHeap(), 0, memory); }

/** Keeps this library loaded, since a thread of the system may be about to run its code. */
void StayLoaded(HINSTANCE self) {
  HMODULE pinned = nullptr;
  GetModuleHandleExW(GET_MODULE_HANDLE_EX_FLAG_PIN | GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS,
                     reinterpret_cast<LPCWSTR>(self), &pinned);
}

bool Begin(HINSTANCE self) {
  DisableThreadLibraryCalls(self);
  StayLoaded(self);
  has_functions = FindAll();
  return true;
}

}  // namespace kernel_identity::thin

/** The loader calls it. There is no C library here whose beginning it would be. */
extern "C" BOOL WINAPI _DllMainCRTStartup(HINSTANCE self, DWORD reason, LPVOID /*reserved*/) {
  return reason != DLL_PROCESS_ATTACH || kernel_identity::thin::Begin(self) ? TRUE : FALSE;
}

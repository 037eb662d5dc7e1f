#pragma once

#include <node_api.h>

namespace kernel_identity::thin {

/** The functions of Node-API that are used here, without `napi_`. */
#define KERNEL_IDENTITY_NODE_FUNCTIONS(FUNCTION) \
  FUNCTION(add_env_cleanup_hook)                 \
  FUNCTION(call_threadsafe_function)             \
  FUNCTION(create_double)                        \
  FUNCTION(create_function)                      \
  FUNCTION(create_object)                        \
  FUNCTION(create_reference)                     \
  FUNCTION(create_string_latin1)                 \
  FUNCTION(create_threadsafe_function)           \
  FUNCTION(delete_reference)                     \
  FUNCTION(get_boolean)                          \
  FUNCTION(get_cb_info)                          \
  FUNCTION(get_null)                             \
  FUNCTION(get_typedarray_info)                  \
  FUNCTION(get_undefined)                        \
  FUNCTION(get_value_double)                     \
  FUNCTION(get_value_string_utf16)               \
  FUNCTION(get_value_string_utf8)                \
  FUNCTION(is_arraybuffer)                       \
  FUNCTION(release_threadsafe_function)          \
  FUNCTION(set_named_property)                   \
  FUNCTION(throw_range_error)                    \
  FUNCTION(throw_type_error)                     \
  FUNCTION(typeof)

/**
 * Pointers to them. On macOS the loader binds them by their names. On Windows an import names the file that
 * exports it, and that is node.exe, electron.exe, or whatever a program was renamed to; so they are looked up
 * in the process.
 */
struct NodeFunctions {
#define KERNEL_IDENTITY_MEMBER(name) decltype(&::napi_##name) name;
  KERNEL_IDENTITY_NODE_FUNCTIONS(KERNEL_IDENTITY_MEMBER)
#undef KERNEL_IDENTITY_MEMBER
};

/** null when the process that loaded this addon lacks one of them. */
const NodeFunctions* FindNodeFunctions();

}  // namespace kernel_identity::thin

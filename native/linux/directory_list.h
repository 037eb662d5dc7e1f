#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace kernel_identity::system {

/**
 * Lists the names in an open directory except `.` and `..`, at most `limit` of them, in no particular order.
 * The descriptor stays open, and its position stays where it is. 0 or -errno.
 */
int ListDirectory(int directory, size_t limit, std::vector<std::string>* names);

}  // namespace kernel_identity::system

#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace kernel_identity::system {

/**
 * The names in an open directory but for `.` and `..`, at most `limit` of them, in no order. The descriptor
 * is neither moved nor consumed. 0 or -errno.
 */
int ListDirectory(int directory, size_t limit, std::vector<std::string>* names);

}  // namespace kernel_identity::system

#pragma once

#include <cstdint>
#include <vector>

namespace kernel_identity::binding {

/**
 * The descriptors that JavaScript was given and has not closed yet. A close of any other number is refused,
 * so that a stale handle never closes the file of other code. The descriptors that are left when the
 * environment ends (with a terminated worker thread, for example) are closed then, which frees the locks on
 * them.
 */
class DescriptorSet {
 public:
  DescriptorSet() = default;
  DescriptorSet(const DescriptorSet&) = delete;
  DescriptorSet& operator=(const DescriptorSet&) = delete;
  ~DescriptorSet();

  void Add(int fd);
  /** Takes the descriptor back from JavaScript. It belongs to the caller from then on. */
  void Remove(int fd);
  /** 0 or -errno; -EBADF for a number that is not in the set. */
  int Close(int fd);

 private:
  // One bit for each number. That stays small, because the kernel always hands out the lowest free number.
  std::vector<uint64_t> words_;
};

}  // namespace kernel_identity::binding

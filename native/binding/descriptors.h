#pragma once

#include <cstdint>
#include <vector>

namespace kernel_identity::binding {

/**
 * The descriptors that JavaScript was given and has not closed yet. A close of any other number is refused,
 * so that a stale handle never closes a stranger's file; whatever is left when the environment ends (a
 * terminated worker thread, say) is closed then, which frees the locks on it.
 */
class DescriptorSet {
 public:
  DescriptorSet() = default;
  DescriptorSet(const DescriptorSet&) = delete;
  DescriptorSet& operator=(const DescriptorSet&) = delete;
  ~DescriptorSet();

  void Add(int fd);
  /** JavaScript has given it back; whoever called this has it now. */
  void Remove(int fd);
  /** 0 or -errno; -EBADF for a number that is not in the set. */
  int Close(int fd);

 private:
  // One bit for each number: the kernel always hands out the lowest free one.
  std::vector<uint64_t> words_;
};

}  // namespace kernel_identity::binding

#include "descriptors.h"

#include <unistd.h>

#include <bit>
#include <cerrno>
#include <cstddef>

namespace kernel_identity::binding {
namespace {

constexpr size_t kBits = 64;

size_t WordOf(int fd) { return static_cast<size_t>(fd) / kBits; }

uint64_t BitOf(int fd) { return uint64_t{1} << (static_cast<size_t>(fd) % kBits); }

}  // namespace

DescriptorSet::~DescriptorSet() {
  for (size_t i = 0; i < words_.size(); ++i) {
    for (uint64_t rest = words_[i]; rest != 0; rest &= rest - 1) {
      ::close(static_cast<int>(i * kBits) + std::countr_zero(rest));
    }
  }
}

void DescriptorSet::Add(int fd) {
  if (WordOf(fd) >= words_.size()) words_.resize(WordOf(fd) + 1);
  words_[WordOf(fd)] |= BitOf(fd);
}

void DescriptorSet::Remove(int fd) { words_[WordOf(fd)] &= ~BitOf(fd); }

int DescriptorSet::Close(int fd) {
  if (fd < 0 || WordOf(fd) >= words_.size() || (words_[WordOf(fd)] & BitOf(fd)) == 0) return -EBADF;
  Remove(fd);
  // The number is free whatever close(2) answers, EINTR included, so there is never a second try.
  if (::close(fd) < 0 && errno != EINTR) return -errno;
  return 0;
}

}  // namespace kernel_identity::binding

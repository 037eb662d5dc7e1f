// Takes lifelines, for the part that tests them.
//
//   churn hold <count>  holds that many, each through a description of its own, and prints the offset of the first
//   churn churn         takes, drops and closes lifelines at random offsets as fast as it can
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

static void die(const char *what) {
  fprintf(stderr, "churn: %s: %s\n", what, strerror(errno));
  exit(1);
}

static int open_space(void) {
  const int space = open("/proc/self/ns/time", O_RDONLY | O_CLOEXEC);
  if (space < 0) die("/proc/self/ns/time");
  return space;
}

static uint64_t random_offset(void) {
  uint64_t offset;
  if (getrandom(&offset, sizeof offset, 0) != sizeof offset) die("getrandom");
  return offset >> 3;
}

static void set(int space, short type, uint64_t offset) {
  struct flock byte = {.l_type = type, .l_whence = SEEK_SET, .l_start = (off_t)offset, .l_len = 1};
  if (fcntl(space, F_OFD_SETLK, &byte) < 0) die("F_OFD_SETLK");
}

int main(int argc, char **argv) {
  if (argc == 3 && strcmp(argv[1], "hold") == 0) {
    const uint64_t first = random_offset() + 2;
    for (int i = 0; i < atoi(argv[2]); ++i) set(open_space(), F_RDLCK, first + (uint64_t)i);
    printf("%" PRIu64 "\n", first);
    fflush(stdout);
    for (;;) pause();
  }
  if (argc == 2 && strcmp(argv[1], "churn") == 0) {
    for (unsigned round = 0;; ++round) {
      const int space = open_space();
      const uint64_t offset = random_offset();
      set(space, F_RDLCK, offset);
      if (round % 2 == 0) set(space, F_UNLCK, offset);
      close(space);
    }
  }
  fputs("usage: churn hold <count> | churn churn\n", stderr);
  return 2;
}

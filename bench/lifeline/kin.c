// Processes that hold a lifeline each, and others that are born and die all the time, as on a machine on which this
// package is in use.
//
//   kin <processes> <births a second>
//
// It prints the offset of the first lifeline when all are held; the others follow it. It ends when its stdin ends.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <unistd.h>

static void die(const char *what) {
  fprintf(stderr, "kin: %s: %s\n", what, strerror(errno));
  exit(1);
}

static int open_space(void) {
  const int space = open("/proc/self/ns/time", O_RDONLY | O_CLOEXEC);
  if (space < 0) die("/proc/self/ns/time");
  return space;
}

static void take(uint64_t offset) {
  struct flock byte = {.l_type = F_RDLCK, .l_whence = SEEK_SET, .l_start = (off_t)offset, .l_len = 1};
  if (fcntl(open_space(), F_OFD_SETLK, &byte) < 0) die("F_OFD_SETLK");
  // The package also tests once, through another description, whether others see the lock.
  close(open_space());
}

static void live(uint64_t offset, pid_t parent, int ready) {
  take(offset);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (write(ready, "", 1) != 1) _exit(1);
  // The parent may have died before that call, which then does nothing, so each child checks its parent.
  while (getppid() == parent) pause();
  _exit(0);
}

int main(int argc, char **argv) {
  if (argc != 3) {
    fputs("usage: kin <processes> <births a second>\n", stderr);
    return 2;
  }
  const int processes = atoi(argv[1]);
  const int births = atoi(argv[2]);
  uint64_t first;
  if (getrandom(&first, sizeof first, 0) != sizeof first) die("getrandom");
  first >>= 3;
  const pid_t parent = getpid();
  int ready[2];
  if (pipe(ready) < 0) die("pipe");
  signal(SIGCHLD, SIG_IGN);
  for (int i = 0; i < processes; ++i) {
    const pid_t child = fork();
    if (child < 0) die("fork");
    if (child == 0) live(first + (uint64_t)i, parent, ready[1]);
    char byte;
    if (read(ready[0], &byte, 1) != 1) die("read");
  }
  printf("%" PRIu64 "\n", first);
  fflush(stdout);
  struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
  for (uint64_t offset = first + (uint64_t)processes; poll(&input, 1, births > 0 ? 1000 / births : -1) == 0;) {
    const pid_t child = fork();
    if (child < 0) die("fork");
    if (child > 0) continue;
    take(offset);
    _exit(0);
  }
  return 0;
}

// Starts a crowd of processes that sleep. Argument: how many. The program prints a line when all of them exist. They end
// when its stdin ends, or when it is killed.
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

int main(int argc, char **argv) {
  if (argc != 2) {
    fputs("usage: crowd <processes>\n", stderr);
    return 2;
  }
  const pid_t parent = getpid();
  for (int i = atoi(argv[1]); i > 0; --i) {
    const pid_t child = fork();
    if (child < 0) {
      fprintf(stderr, "crowd: fork: %s\n", strerror(errno));
      return 1;
    }
    if (child > 0) continue;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    // The parent may have died before that call, which then does nothing, so each child checks its parent.
    while (getppid() == parent) pause();
    _exit(0);
  }
  puts("here");
  fflush(stdout);
  while (getchar() != EOF) {
  }
  return 0;
}

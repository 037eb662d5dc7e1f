// Runs a command to its end and prints what it took: the ms on the clock, and the ms of CPU time of all its threads and
// of the processes that it waited for. The exit code is 1 if it did not end with 0.
//
//   timed <command> <argument>...
#define _GNU_SOURCE
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

extern char **environ;

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec * 1e3 + (double)time.tv_nsec / 1e6;
}

static double ms(struct timeval time) { return (double)time.tv_sec * 1e3 + (double)time.tv_usec / 1e3; }

int main(int argc, char **argv) {
  if (argc < 2) return 2;
  const double started = now();
  pid_t pid;
  const int error = posix_spawnp(&pid, argv[1], NULL, NULL, argv + 1, environ);
  if (error != 0) {
    fprintf(stderr, "timed: %s: %s\n", argv[1], strerror(error));
    return 1;
  }
  int status = 0;
  struct rusage usage;
  if (wait4(pid, &status, 0, &usage) != pid) return 1;
  printf("{\"wall\":%.3f,\"cpu\":%.3f}\n", now() - started, ms(usage.ru_utime) + ms(usage.ru_stime));
  return status == 0 ? 0 : 1;
}

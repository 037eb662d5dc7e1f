// An owner that dies quickly, and a program that kills it and sees it dead. Node takes milliseconds to die. This program
// does not, so the measured time is that of the waiter.
//
//   mortal hold <file>   takes the witness on the file (F_OFD_SETLK), prints a line, and runs until it is killed
//   mortal live <offset> takes the lifeline at the offset, prints a line, and runs until it is killed
//   mortal kill <pid>    sends SIGKILL, and prints two times of CLOCK_MONOTONIC in ns: before the call, and when the
//                        pidfd reported that the process is dead. Only the files that it closes show the death earlier.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static int64_t now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

static int fail(const char *what) {
  fprintf(stderr, "%s: %s\n", what, strerror(errno));
  return 1;
}

static int hold(const char *path) {
  const int file = open(path, O_RDWR | O_CLOEXEC);
  if (file < 0) return fail(path);
  struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
  if (fcntl(file, F_OFD_SETLK, &whole) < 0) return fail("F_OFD_SETLK");
  puts("held");
  fflush(stdout);
  for (;;) pause();
}

static int live(const char *offset) {
  const int space = open("/proc/self/ns/time", O_RDONLY | O_CLOEXEC);
  if (space < 0) return fail("/proc/self/ns/time");
  struct flock byte = {.l_type = F_RDLCK, .l_whence = SEEK_SET, .l_start = strtoll(offset, NULL, 10), .l_len = 1};
  if (fcntl(space, F_OFD_SETLK, &byte) < 0) return fail("F_OFD_SETLK");
  puts("held");
  fflush(stdout);
  for (;;) pause();
}

static int kill_and_see(pid_t pid) {
  const int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
  if (pidfd < 0) return fail("pidfd_open");
  struct pollfd entry = {.fd = pidfd, .events = POLLIN};
  const int64_t killed = now();
  if (kill(pid, SIGKILL) < 0) return fail("kill");
  while (poll(&entry, 1, -1) < 0 && errno == EINTR) {
  }
  const int64_t dead = now();
  printf("%" PRId64 " %" PRId64 "\n", killed, dead);
  return 0;
}

int main(int argc, char **argv) {
  if (argc == 3 && strcmp(argv[1], "hold") == 0) return hold(argv[2]);
  if (argc == 3 && strcmp(argv[1], "live") == 0) return live(argv[2]);
  if (argc == 3 && strcmp(argv[1], "kill") == 0) return kill_and_see((pid_t)atoi(argv[2]));
  fputs("usage: mortal hold <file> | mortal live <offset> | mortal kill <pid>\n", stderr);
  return 2;
}

// The floor: this program makes the system calls that one poll, one judgement, one inspection of a lock, or one
// acquisition and release needs, and does nothing else. No program can do the same in less time.
//
// The package itself makes the same calls, so the ratio to this program is the cost of JavaScript, of Node-API and of
// the package's own work. The lists were obtained with `node bench/floor/calls.mjs`, which runs both under strace(1)
// and prints the calls of each side by side.
//
//   floor <pid> <gone-pid> <directory> <lock> [<offset of a lifeline>]
//
// The program reads lines `<operation> <batch> <ms>`. It repeats the operation for <ms> ms and answers with one line of
// samples: each is the ns of one operation, as the mean of <batch>.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#define MAX_SAMPLES 200000
/** The bytes of a record of ours. */
#define RECORD_SIZE 716

static pid_t live;
static pid_t gone;
static const char *directory;
static const char *lock_name;
static off_t lifeline;
static int lifeline_space = -1;
static int held_pidfd = -1;
static volatile int32_t word;
static char record[16 * 1024];

static void die(const char *what) {
  fprintf(stderr, "floor: %s: %s\n", what, strerror(errno));
  exit(1);
}

/** Ends the program if a call failed, because the figures would be meaningless. */
static int sure(int result, const char *what) {
  if (result < 0) die(what);
  return result;
}

/**
 * Makes the system call directly, because fstat(3) of some C libraries is newfstatat(2) with an empty path, which takes
 * longer.
 */
static int stat_descriptor(int descriptor) {
  struct stat status;
  return sure((int)syscall(SYS_fstat, descriptor, &status), "fstat");
}

/** Reads until pread returns no more bytes. */
static void read_whole(int file) {
  const int size = sure((int)pread(file, record, sizeof record, 0), "pread");
  sure((int)pread(file, record, sizeof record, size), "pread");
}

static int open_pidfd(pid_t pid) { return (int)syscall(SYS_pidfd_open, pid, 0); }

static void memory_read(long count) {
  for (long i = 0; i < count; ++i) (void)word;
}

static void call_getppid(long count) {
  for (long i = 0; i < count; ++i) syscall(SYS_getppid);
}

/**
 * The pidfd is not opened before this operation, because the kernel makes another pidfd of a process in half the time
 * while one is open.
 */
static void poll_pidfd(long count) {
  if (held_pidfd < 0) held_pidfd = sure(open_pidfd(live), "pidfd_open");
  for (long i = 0; i < count; ++i) {
    struct pollfd entry = {.fd = held_pidfd, .events = POLLIN};
    sure(poll(&entry, 1, 0), "poll");
  }
}

static void judge(long count) {
  for (long i = 0; i < count; ++i) {
    const int pidfd = sure(open_pidfd(live), "pidfd_open");
    stat_descriptor(pidfd);
    struct pollfd entry = {.fd = pidfd, .events = POLLIN};
    sure(poll(&entry, 1, 0), "poll");
    close(pidfd);
  }
}

static void judge_gone(long count) {
  for (long i = 0; i < count; ++i) {
    if (open_pidfd(gone) >= 0) die("pidfd_open found the process that should be gone");
  }
}

static struct flock whole_file(void) { return (struct flock){.l_type = F_WRLCK, .l_whence = SEEK_SET}; }

static const int kDirectory = O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC | O_DIRECTORY;
static const int kFile = O_RDONLY | O_NOCTTY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC;

static int open_parent(void) {
  return sure(open(directory, O_RDONLY | O_CLOEXEC | O_PATH | O_DIRECTORY), directory);
}

/** Inspects a held lock: reads its record, and checks whether the process and the witness live. */
static void inspect(long count) {
  for (long i = 0; i < count; ++i) {
    const int parent = open_parent();
    const int lock = sure(openat(parent, lock_name, kDirectory), lock_name);
    const int owner = sure(openat(lock, "owner.json", kFile), "owner.json");
    stat_descriptor(owner);
    struct statfs filesystem;
    sure(fstatfs(owner, &filesystem), "fstatfs");
    read_whole(owner);
    judge(1);
    struct flock witness = whole_file();
    sure(fcntl(owner, F_OFD_GETLK, &witness), "F_OFD_GETLK");
    close(owner);
    close(lock);
    close(parent);
  }
}

/** Takes the lifeline of this process, which it has from the second time on. */
static void take_lifeline(void) {
  stat_descriptor(lifeline_space);
  struct flock byte = {.l_type = F_RDLCK, .l_whence = SEEK_SET, .l_start = lifeline + 1, .l_len = 1};
  sure(fcntl(lifeline_space, F_OFD_SETLK, &byte), "F_OFD_SETLK");
}

/** Checks that a descriptor and a name belong to one file. */
static void stat_both(int descriptor, int directory_descriptor, const char *name) {
  struct stat status;
  stat_descriptor(descriptor);
  sure(fstatat(directory_descriptor, name, &status, AT_SYMLINK_NOFOLLOW), "fstatat");
}

/** Takes the witness, and checks through a second description that others see it. */
static void take_witness(int lock, int owner) {
  struct flock witness = whole_file();
  sure(fcntl(owner, F_OFD_SETLK, &witness), "F_OFD_SETLK");
  const int second = sure(openat(lock, "owner.json.new", kFile), "owner.json.new");
  sure(fcntl(second, F_OFD_GETLK, &witness), "F_OFD_GETLK");
  close(second);
}

static void acquire_and_release(long count) {
  static long nonce;
  for (long i = 0; i < count; ++i) {
    char draft[64];
    char claimed[64];
    char retired[64];
    snprintf(draft, sizeof draft, ".floor.lock.%032lx", ++nonce);
    snprintf(claimed, sizeof claimed, "claimed.%032lx", nonce);
    snprintf(retired, sizeof retired, "retired.%032lx", nonce);
    struct statfs filesystem;

    const int parent = open_parent();
    if (openat(parent, "floor.lock", kDirectory) >= 0) die("floor.lock exists already");
    sure(mkdirat(parent, draft, 0777), "mkdirat");
    const int lock = sure(openat(parent, draft, kDirectory), draft);
    stat_descriptor(lock);
    sure(flock(lock, LOCK_SH | LOCK_NB), "flock");
    const int owner = sure(
        openat(lock, "owner.json.new", O_RDWR | O_CREAT | O_EXCL | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC, 0600),
        "owner.json.new");
    stat_descriptor(owner);
    sure(fstatfs(owner, &filesystem), "fstatfs");
    take_witness(lock, owner);
    take_lifeline();
    sure((int)pwrite(owner, record, RECORD_SIZE, 0), "pwrite");
    stat_descriptor(lock);
    sure(fchmod(owner, 0644), "fchmod");
    sure(renameat(lock, "owner.json.new", lock, "owner.json"), "renameat");
    sure((int)syscall(SYS_renameat2, parent, draft, parent, "floor.lock", 1 /* RENAME_NOREPLACE */), "renameat2");
    stat_both(lock, parent, "floor.lock");

    stat_both(lock, parent, "floor.lock");
    stat_both(owner, lock, "owner.json");
    read_whole(owner);
    sure(renameat(lock, "owner.json", lock, claimed), "renameat");
    stat_both(owner, lock, claimed);
    sure(renameat(lock, claimed, lock, retired), "renameat");
    stat_descriptor(owner);
    close(owner);
    sure(unlinkat(lock, retired, 0), "unlinkat");
    stat_both(lock, parent, "floor.lock");
    sure(unlinkat(parent, "floor.lock", AT_REMOVEDIR), "rmdir");
    stat_descriptor(lock);
    close(lock);
    close(parent);
  }
}

static void test_lifeline(long count) {
  for (long i = 0; i < count; ++i) {
    struct flock byte = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = lifeline, .l_len = 1};
    sure(fcntl(lifeline_space, F_OFD_GETLK, &byte), "F_OFD_GETLK");
  }
}

static const struct {
  const char *name;
  void (*run)(long count);
} kOperations[] = {
    {"memory-read", memory_read},
    {"getppid", call_getppid},
    {"poll-pidfd", poll_pidfd},
    {"test-lifeline", test_lifeline},
    {"judge", judge},
    {"judge-gone", judge_gone},
    {"inspect", inspect},
    {"acquire-and-release", acquire_and_release},
};

static int64_t now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

static void measure(void (*run)(long), long batch, double ms) {
  static double samples[MAX_SAMPLES];
  long count = 0;
  const int64_t end = now() + (int64_t)(ms * 1e6);
  int64_t before = now();
  do {
    before = now();
    run(batch);
    samples[count++] = (double)(now() - before) / (double)batch;
  } while (count < MAX_SAMPLES && now() < end);
  for (long i = 0; i < count; ++i) printf("%.3f ", samples[i]);
  putchar('\n');
  fflush(stdout);
}

static void *do_nothing(void *unused) {
  for (;;) pause();
  return unused;
}

int main(int argc, char **argv) {
  if (argc != 5 && argc != 6) {
    fputs("usage: floor <pid> <gone-pid> <directory> <lock> [<offset of a lifeline>]\n", stderr);
    return 2;
  }
  live = (pid_t)atoi(argv[1]);
  gone = (pid_t)atoi(argv[2]);
  directory = argv[3];
  lock_name = argv[4];
  if (argc == 6) lifeline = strtoll(argv[5], NULL, 10);
  // The descriptor stays open, as in the package: closing it makes the kernel walk the list of all lifelines.
  lifeline_space = open("/proc/self/ns/time", O_RDONLY | O_CLOEXEC);
  // Node has several threads, so this process has a second one: the kernel then counts the users of a descriptor at
  // each call.
  pthread_t thread;
  if (pthread_create(&thread, NULL, do_nothing, NULL) != 0) die("pthread_create");
  // stdio gets a buffer, because it would otherwise stat its output in order to choose the size of one.
  static char output[1 << 20];
  setvbuf(stdout, output, _IOFBF, sizeof output);
  char name[64];
  long batch;
  double ms;
  while (scanf("%63s %ld %lf", name, &batch, &ms) == 3) {
    const size_t operations = sizeof kOperations / sizeof *kOperations;
    size_t i = 0;
    while (i < operations && strcmp(name, kOperations[i].name) != 0) ++i;
    if (i == operations) {
      fprintf(stderr, "floor: there is no operation %s\n", name);
      return 2;
    }
    measure(kOperations[i].run, batch, ms);
  }
  return 0;
}

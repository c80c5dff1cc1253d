// Three of the findings, run on a kernel: cc -std=gnu11 -Wall -Wextra -o confirm confirm.c && ./confirm wp|copy|poison
//
// Exit codes: 0 the kernel does as its manual says, 1 it does not, 77 it lacks what the program needs.

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

// What older headers do not have.
#define GUARD_INSTALL 102
#define COLLAPSE 25
#define USER_MODE_ONLY 1
#define FEATURE_WP_SHMEM (1 << 12)
#define FEATURE_WP_UNPOPULATED (1 << 13)
#define FEATURE_POISON (1 << 14)
struct poison {
  struct uffdio_range range;
  unsigned long long mode;
  long long updated;
};
#define POISON _IOWR(UFFDIO, 0x08, struct poison)

enum { PAGE = 4096, AREA = 2 << 20, SECONDS = 3 };

static _Noreturn void lacks(const char *what) {
  printf("%s: %s\n", what, strerror(errno));
  exit(77);
}

static void need(int answer, const char *what) {
  if (answer < 0) lacks(what);
}

static char *map(int flags, int fd) {
  char *room = mmap(NULL, 2 * AREA, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  char *start = (char *)(((unsigned long)room + AREA - 1) & ~(AREA - 1UL));
  return mmap(start, AREA, PROT_READ | PROT_WRITE, MAP_FIXED | flags, fd, 0);
}

static int shmem(void) {
  int fd = memfd_create("findings", 0);
  need(ftruncate(fd, AREA), "ftruncate");
  return fd;
}

static struct uffdio_range range(char *start, int length) {
  return (struct uffdio_range){(unsigned long)start, length};
}

static int registered(char *start, unsigned long long features, int mode) {
  int fd = syscall(SYS_userfaultfd, O_CLOEXEC | USER_MODE_ONLY);
  need(fd, "userfaultfd");
  struct uffdio_api api = {.api = UFFD_API, .features = features};
  need(ioctl(fd, UFFDIO_API, &api), "UFFDIO_API");
  struct uffdio_register request = {.range = range(start, AREA), .mode = mode};
  need(ioctl(fd, UFFDIO_REGISTER, &request), "UFFDIO_REGISTER");
  return fd;
}

static sigjmp_buf after;

static void on_signal(int number) { siglongjmp(after, number); }

// Whether a load faults for good.
static int faults(volatile char *page) {
  signal(SIGSEGV, on_signal);
  signal(SIGBUS, on_signal);
  if (sigsetjmp(after, 1)) return 1;
  (void)*page;
  return 0;
}

static void on_alarm(int number) {
  (void)number;
  static const char text[] = "MADV_GUARD_INSTALL does not return\n";
  if (write(1, text, sizeof text - 1) < 0) _exit(2);
  _exit(1);
}

// MADV_GUARD_INSTALL where UFFDIO_WRITEPROTECT has left its markers.
static int wp(void) {
  char *start = map(MAP_SHARED, shmem());
  int fd = registered(start, FEATURE_WP_SHMEM | FEATURE_WP_UNPOPULATED, UFFDIO_REGISTER_MODE_WP);
  struct uffdio_writeprotect request = {.range = range(start, AREA), .mode = UFFDIO_WRITEPROTECT_MODE_WP};
  need(ioctl(fd, UFFDIO_WRITEPROTECT, &request), "UFFDIO_WRITEPROTECT");
  signal(SIGALRM, on_alarm);
  alarm(SECONDS);
  need(madvise(start, PAGE, GUARD_INSTALL), "MADV_GUARD_INSTALL");
  printf("MADV_GUARD_INSTALL returns\n");
  return 0;
}

// UFFDIO_COPY of a page that is guarded.
static int copy(void) {
  char *start = map(MAP_PRIVATE | MAP_ANONYMOUS, -1);
  int fd = registered(start, 0, UFFDIO_REGISTER_MODE_MISSING);
  need(madvise(start, PAGE, GUARD_INSTALL), "MADV_GUARD_INSTALL");
  static char page[PAGE];
  struct uffdio_copy request = {.dst = (unsigned long)start, .src = (unsigned long)page, .len = PAGE};
  int answer = ioctl(fd, UFFDIO_COPY, &request);
  printf("UFFDIO_COPY onto a guard: %s\n", answer < 0 ? strerror(errno) : "done");
  // A guard that holds faults; a page that is registered and missing would wait.
  int holds = answer < 0 || faults(start);
  printf("the guard %s\n", holds ? "holds" : "is gone: a load goes through");
  return !holds;
}

// MADV_COLLAPSE of a file, one mapping of which has a poisoned page.
static int poison(void) {
  int file = shmem();
  char *other = map(MAP_SHARED, file);
  memset(other, 1, AREA);
  char *start = map(MAP_SHARED, file);
  int fd = registered(start, FEATURE_POISON, UFFDIO_REGISTER_MODE_MISSING);
  struct poison request = {.range = range(start, PAGE)};
  need(ioctl(fd, POISON, &request), "UFFDIO_POISON");
  printf("before the collapse a load %s\n", faults(start) ? "gets a signal" : "goes through");
  need(madvise(other, AREA, COLLAPSE), "MADV_COLLAPSE");
  int holds = faults(start);
  printf("after it a load %s\n", holds ? "gets a signal" : "goes through: the poison is gone");
  return !holds;
}

int main(int count, char **arguments) {
  setbuf(stdout, NULL);
  const char *what = count == 2 ? arguments[1] : "";
  if (strcmp(what, "wp") == 0) return wp();
  if (strcmp(what, "copy") == 0) return copy();
  if (strcmp(what, "poison") == 0) return poison();
  fprintf(stderr, "Usage: confirm wp|copy|poison\n");
  return 2;
}

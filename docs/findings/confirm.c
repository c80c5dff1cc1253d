// Five of the findings, run on a kernel:
//   cc -std=gnu11 -Wall -Wextra -pthread -o confirm confirm.c && ./confirm wp|copy|poison|collapse|unregister
//
// Exit codes: 0 the kernel does as its manual says, 1 it does not, 77 it lacks what the program needs.

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <pthread.h>
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
#define GUARD_REMOVE 103
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

enum { PAGE = 4096, AREA = 2 << 20, SECONDS = 3, ROUNDS = 20000 };

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

// Threads that begin together.
static pthread_barrier_t line;
static int pause_of_guard;

static void *install_guard(void *page) {
  pthread_barrier_wait(&line);
  for (volatile int i = 0; i < pause_of_guard; i++) {}
  need(madvise(page, PAGE, GUARD_INSTALL), "MADV_GUARD_INSTALL");
  return NULL;
}

// A table that maps pieces of the huge folio: a guard that comes and goes leaves one, and faults fill half of it.
static void map_pieces(char *start, char *guarded) {
  need(madvise(start, AREA, MADV_DONTNEED), "MADV_DONTNEED");
  need(madvise(guarded, PAGE, GUARD_INSTALL), "MADV_GUARD_INSTALL");
  need(madvise(guarded, PAGE, GUARD_REMOVE), "MADV_GUARD_REMOVE");
  for (int at = 0; at < AREA / 2; at += PAGE) (void)*(volatile char *)(start + at);
}

enum order { BEFORE, BESIDE, AFTER };

// MADV_COLLAPSE, and a guard before it, beside it or after it. Whether the guard holds.
static int collapse_and_guard(char *start, enum order order) {
  char *guarded = start + AREA - PAGE;
  map_pieces(start, guarded);
  pthread_t thread;
  if (order == BEFORE) need(madvise(guarded, PAGE, GUARD_INSTALL), "MADV_GUARD_INSTALL");
  if (order == BESIDE) {
    if (pthread_create(&thread, NULL, install_guard, guarded) != 0) lacks("pthread_create");
    pthread_barrier_wait(&line);
  }
  // It may give up, and does when the guard is there already.
  madvise(start, AREA, COLLAPSE);
  if (order == BESIDE) pthread_join(thread, NULL);
  if (order == AFTER) need(madvise(guarded, PAGE, GUARD_INSTALL), "MADV_GUARD_INSTALL");
  return faults(guarded);
}

// MADV_COLLAPSE of pieces of a huge folio beside MADV_GUARD_INSTALL.
static int collapse(void) {
  char *start = map(MAP_SHARED, shmem());
  memset(start, 1, AREA);
  need(madvise(start, AREA, COLLAPSE), "MADV_COLLAPSE");
  pthread_barrier_init(&line, NULL, 2);
  int held[] = {0, 0, 0};
  for (int round = 1; round <= ROUNDS; round++) {
    pause_of_guard = round % 100 * 20;
    for (enum order order = BEFORE; order <= AFTER; order++) {
      if (collapse_and_guard(start, order)) held[order]++;
      else if (order != BESIDE) return printf("the guard is lost without a race\n"), 1;
    }
    if (held[BESIDE] < round) {
      printf("round %d: the guard is gone, a load goes through; %d before and %d after a collapse have held\n", round,
             held[BEFORE], held[AFTER]);
      return 1;
    }
  }
  printf("the guard holds in %d rounds\n", ROUNDS);
  return 0;
}

static volatile int is_served;

static void *touch(void *page) {
  pthread_barrier_wait(&line);
  *(volatile char *)page = 1;
  is_served = 1;
  return NULL;
}

static int is_served_in_time(void) {
  for (int waited = 0; waited < SECONDS * 1000000 && !is_served; waited += 50) usleep(50);
  return is_served;
}

// UFFDIO_UNREGISTER beside a fault that nobody serves: it ends the registration, so the fault is not to wait.
static int unregister(void) {
  char *start = map(MAP_PRIVATE | MAP_ANONYMOUS, -1);
  int fd = registered(start, 0, UFFDIO_REGISTER_MODE_MISSING);
  struct uffdio_range all = range(start, AREA);
  struct uffdio_register request = {.range = all, .mode = UFFDIO_REGISTER_MODE_MISSING};
  pthread_barrier_init(&line, NULL, 2);
  for (int round = 1; round <= ROUNDS; round++) {
    need(madvise(start, AREA, MADV_DONTNEED), "MADV_DONTNEED");
    need(ioctl(fd, UFFDIO_REGISTER, &request), "UFFDIO_REGISTER");
    is_served = 0;
    pthread_t thread;
    if (pthread_create(&thread, NULL, touch, start) != 0) lacks("pthread_create");
    pthread_barrier_wait(&line);
    for (volatile int i = 0; i < round % 400 * 5; i++) {}
    need(ioctl(fd, UFFDIO_UNREGISTER, &all), "UFFDIO_UNREGISTER");
    if (!is_served_in_time()) {
      need(ioctl(fd, UFFDIO_WAKE, &all), "UFFDIO_WAKE");
      printf("round %d: a fault sleeps on; %s\n", round, is_served_in_time() ? "UFFDIO_WAKE ends it" : "for good");
      return 1;
    }
    pthread_join(thread, NULL);
  }
  printf("no fault sleeps on in %d rounds\n", ROUNDS);
  return 0;
}

int main(int count, char **arguments) {
  setbuf(stdout, NULL);
  const char *what = count == 2 ? arguments[1] : "";
  static const struct {
    const char *name;
    int (*run)(void);
  } modes[] = {{"wp", wp}, {"copy", copy}, {"poison", poison}, {"collapse", collapse}, {"unregister", unregister}};
  for (unsigned int i = 0; i < sizeof modes / sizeof *modes; i++)
    if (strcmp(what, modes[i].name) == 0) return modes[i].run();
  fprintf(stderr, "Usage: confirm wp|copy|poison|collapse|unregister\n");
  return 2;
}

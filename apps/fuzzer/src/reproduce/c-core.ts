/** What every program has: ends, reports, the barrier, processes, accesses that may fault. */

import type { Helper } from "./c-helper.ts";

/** In an order in which each stands before those that use it. */
export const coreHelpers: readonly Helper[] = [
  {
    name: "shared",
    includes: ["stdatomic.h", "sys/types.h"],
    code: String.raw`/* Seen by all processes. */
struct shared {
	_Atomic int arrived; /* threads that stand at the barrier */
	_Atomic int code; /* with which a child gives up */
	_Atomic long failures; /* calls and accesses of the race that were refused */
};
static struct shared *shared;
static pid_t main_process;`,
  },
  {
    name: "leave",
    includes: ["signal.h", "unistd.h"],
    code: String.raw`/* Ends everything: 1 a set-up failed, 77 not supported here, 124 the time is over. */
__attribute__((noreturn)) static void leave(int code)
{
	shared->code = code;
	if (getpid() != main_process)
		kill(main_process, SIGUSR1);
	_exit(code);
}`,
  },
  {
    name: "on_child_gave_up",
    includes: ["signal.h"],
    code: String.raw`static void on_child_gave_up(int signal_number)
{
	(void)signal_number;
	_exit(shared->code);
}`,
  },
  {
    name: "on_alarm",
    includes: ["unistd.h"],
    code: String.raw`static void on_alarm(int signal_number)
{
	static const char text[] = "The time is over: somebody waits, or runs, for ever.\n";

	(void)signal_number;
	if (write(2, text, sizeof(text) - 1) < 0)
		_exit(125);
	_exit(124);
}`,
  },
  {
    name: "unsupported",
    includes: ["errno.h", "stdio.h", "string.h"],
    code: String.raw`__attribute__((noreturn)) static void unsupported(const char *what)
{
	fprintf(stderr, "%s: not supported here: %s (errno %d)\n", what, strerror(errno), errno);
	leave(77);
}`,
  },
  {
    name: "must",
    includes: ["errno.h", "stdio.h", "string.h"],
    code: String.raw`/* For set-up: what fails ends the program. */
static void must(const char *what, long result)
{
	if (result != -1)
		return;
	fprintf(stderr, "%s: %s (errno %d)\n", what, strerror(errno), errno);
	leave(1);
}`,
  },
  {
    name: "tried",
    includes: ["errno.h", "stdio.h", "string.h"],
    code: String.raw`/* For the race: that a call is refused may be its outcome. The first ones are told. */
static void tried(const char *what, long result)
{
	if (result != -1 || shared->failures++ >= 20)
		return;
	fprintf(stderr, "%s: %s (errno %d)\n", what, strerror(errno), errno);
}`,
  },
  {
    name: "on_fault",
    includes: ["setjmp.h", "signal.h", "unistd.h"],
    code: String.raw`static __thread sigjmp_buf after_signal;
static __thread volatile sig_atomic_t expects_signal;

static void on_fault(int signal_number)
{
	if (expects_signal)
		siglongjmp(after_signal, signal_number);
	_exit(128 + signal_number);
}`,
  },
  {
    name: "access_page",
    includes: [],
    code: String.raw`/* One access of user code. Answers 0, or -1 with EFAULT where it ends in SIGBUS or SIGSEGV: see on_fault(). */
__attribute__((noinline)) static long access_page(volatile char *page, int is_store, char value)
{
	if (sigsetjmp(after_signal, 1) != 0) {
		expects_signal = 0;
		errno = EFAULT;
		return -1;
	}
	expects_signal = 1;
	if (is_store)
		*page = value;
	else
		(void)*page;
	expects_signal = 0;
	return 0;
}`,
  },
  {
    name: "load",
    includes: [],
    code: String.raw`static long load(char *page)
{
	return access_page(page, 0, 0);
}`,
  },
  {
    name: "store",
    includes: [],
    code: String.raw`static long store(char *page, char value)
{
	return access_page(page, 1, value);
}`,
  },
  {
    name: "allow",
    includes: ["sched.h"],
    code: String.raw`/* The processors that the program was allowed when it began. */
static int cpus[CPU_SETSIZE];
static int cpu_count;

static void allow(void)
{
	cpu_set_t allowed;

	must("sched_getaffinity", sched_getaffinity(0, sizeof(allowed), &allowed));
	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++)
		if (CPU_ISSET(cpu, &allowed))
			cpus[cpu_count++] = cpu;
	if (cpu_count < THREADS)
		fprintf(stderr, "%d processors for %d threads: some of them share one.\n", cpu_count, THREADS);
}`,
  },
  {
    name: "begin",
    includes: ["sched.h", "sys/prctl.h", "unistd.h"],
    code: String.raw`/* Names the thread, so that a patch of the kernel can tell it by current->comm; pins it; waits for all others. */
static void begin(const char *name, int number, int cpu)
{
	cpu_set_t one;

	must("prctl(PR_SET_NAME)", prctl(PR_SET_NAME, name, 0, 0, 0));
	CPU_ZERO(&one);
	CPU_SET(cpus[cpu % cpu_count], &one);
	must("sched_setaffinity", sched_setaffinity(0, sizeof(one), &one));
	shared->arrived++;
	for (unsigned int spins = 1; shared->arrived < THREADS; spins++)
		if (spins % 1024 == 0)
			sched_yield();
	if (start_wait_us[number] > 0)
		usleep(start_wait_us[number]);
}`,
  },
  {
    name: "fork_process",
    includes: ["sys/prctl.h", "unistd.h"],
    code: String.raw`static pid_t fork_process(void (*run)(void))
{
	pid_t child = fork();

	must("fork", child);
	if (child != 0)
		return child;
	must("prctl(PR_SET_PDEATHSIG)", prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0));
	if (getppid() != main_process)
		_exit(1);
	run();
	_exit(0);
}`,
  },
  {
    name: "reap",
    includes: ["sys/wait.h"],
    code: String.raw`static void reap(pid_t child)
{
	int status;

	must("waitpid", waitpid(child, &status, 0));
	if (status == 0)
		return;
	fprintf(stderr, "A child ended with status 0x%x.\n", (unsigned int)status);
	leave(1);
}`,
  },
  {
    name: "start_thread",
    includes: ["pthread.h"],
    code: String.raw`static pthread_t start_thread(void *(*run)(void *))
{
	pthread_t thread;

	errno = pthread_create(&thread, NULL, run, NULL);
	must("pthread_create", errno == 0 ? 0 : -1);
	return thread;
}`,
  },
  {
    name: "join_thread",
    includes: ["pthread.h"],
    code: String.raw`static void join_thread(pthread_t thread)
{
	errno = pthread_join(thread, NULL);
	must("pthread_join", errno == 0 ? 0 : -1);
}`,
  },
  {
    name: "handle",
    includes: ["signal.h"],
    code: String.raw`static void handle(int signal_number, void (*handler)(int))
{
	struct sigaction action = { .sa_handler = handler, .sa_flags = SA_NODEFER };

	must("sigaction", sigaction(signal_number, &action, NULL));
}`,
  },
];

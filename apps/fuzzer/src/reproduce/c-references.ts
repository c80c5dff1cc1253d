/** Who else refers to pages: GUP, walkers of the rmap, migration, a virtual machine. */

import type { Helper } from "./c-helper.ts";

export const referenceHelpers: readonly Helper[] = [
  {
    name: "open_pipe",
    includes: ["fcntl.h", "unistd.h"],
    code: String.raw`static int pipe_ends[2] = { -1, -1 };

static void open_pipe(void)
{
	must("pipe2", pipe2(pipe_ends, O_CLOEXEC | O_NONBLOCK));
}`,
  },
  {
    name: "close_pipe",
    includes: ["unistd.h"],
    code: String.raw`static void close_pipe(void)
{
	must("close", close(pipe_ends[0]));
	must("close", close(pipe_ends[1]));
}`,
  },
  {
    name: "refer",
    includes: ["fcntl.h", "sys/uio.h"],
    code: String.raw`/* GUP-fast: the pipe refers to the page itself. */
static long refer(char *page)
{
	struct iovec whole = { page, PAGE };

	return vmsplice(pipe_ends[1], &whole, 1, 0);
}`,
  },
  {
    name: "drain_pipe",
    includes: ["unistd.h"],
    code: String.raw`static long drain_pipe(void)
{
	char copy[PAGE];

	return read(pipe_ends[0], copy, sizeof(copy));
}`,
  },
  {
    name: "open_direct",
    includes: ["fcntl.h", "unistd.h"],
    code: String.raw`static int direct_file = -1;

static void open_direct(void)
{
	static char block[PAGE] __attribute__((aligned(4096))) = { 3 };

	direct_file = open(".", O_TMPFILE | O_RDWR | O_DIRECT | O_CLOEXEC, 0600);
	if (direct_file == -1 || pwrite(direct_file, block, PAGE, 0) == -1)
		unsupported("O_DIRECT in this directory");
}`,
  },
  {
    name: "direct_read",
    includes: ["unistd.h"],
    code: String.raw`/* GUP-fast with FOLL_PIN and FOLL_WRITE: the device writes into the page. */
static long direct_read(char *page)
{
	return pread(direct_file, page, PAGE, 0);
}`,
  },
  {
    name: "find_frame",
    includes: ["fcntl.h", "stdint.h", "unistd.h"],
    code: String.raw`static int idle_bitmap = -1;
static uint64_t frame;

static void find_frame(char *page)
{
	frame = pagemap_entry(page) & ((1ULL << 55) - 1);
	errno = EPERM;
	if (frame == 0)
		unsupported("frame numbers in /proc/self/pagemap");
	if (idle_bitmap == -1)
		idle_bitmap = open("/sys/kernel/mm/page_idle/bitmap", O_RDWR | O_CLOEXEC);
	if (idle_bitmap == -1)
		unsupported("/sys/kernel/mm/page_idle/bitmap");
}`,
  },
  {
    name: "walk_as_idle",
    includes: ["stdint.h", "unistd.h"],
    code: String.raw`static long walk_as_idle(void)
{
	uint64_t mask = 1ULL << frame % 64;

	return pwrite(idle_bitmap, &mask, sizeof(mask), (off_t)(frame / 64 * 8));
}`,
  },
  {
    name: "need_two_nodes",
    includes: ["unistd.h"],
    code: String.raw`static void need_two_nodes(void)
{
	if (access("/sys/devices/system/node/node1", F_OK) == -1)
		unsupported("migration between two NUMA nodes");
}`,
  },
  {
    name: "migrate",
    includes: ["sys/syscall.h", "unistd.h"],
    code: String.raw`static long migrate(char *page)
{
	void *pages[1] = { page };
	int status = -1, node;

	if (syscall(SYS_move_pages, 0, 1UL, pages, NULL, &status, 0) == -1)
		return -1;
	node = status == 0 ? 1 : 0;
	return syscall(SYS_move_pages, 0, 1UL, pages, &node, &status, 1 << 1 /* MPOL_MF_MOVE */);
}`,
  },
  {
    name: "make_guest",
    includes: ["fcntl.h", "linux/kvm.h", "stdint.h", "sys/ioctl.h", "sys/mman.h", "unistd.h"],
    code: String.raw`/* A virtual machine of one processor in real mode. Its memory: a page of code at 4 KiB, the area at 2 MiB. */
static int guest_cpu = -1, guest_machine = -1;
static struct kvm_run *guest_state;
static char *guest_code;
static size_t guest_state_size;

static void make_guest(char *area)
{
	static const char load_and_halt[] = { (char)0x8a, 0x04, (char)0xf4 }; /* mov (%si),%al; hlt */
	struct kvm_userspace_memory_region code = { .slot = 0, .guest_phys_addr = PAGE, .memory_size = PAGE };
	struct kvm_userspace_memory_region memory = { .slot = 1, .guest_phys_addr = SLOT, .memory_size = SLOT };
	struct kvm_sregs segments;
	int kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);

	if (kvm == -1)
		unsupported("/dev/kvm");
	guest_machine = ioctl(kvm, KVM_CREATE_VM, 0UL);
	if (guest_machine == -1)
		unsupported("KVM_CREATE_VM");
	guest_code = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	must("mmap", guest_code == MAP_FAILED ? -1 : 0);
	memcpy(guest_code, load_and_halt, sizeof(load_and_halt));
	code.userspace_addr = (uintptr_t)guest_code;
	memory.userspace_addr = (uintptr_t)area;
	must("KVM_SET_USER_MEMORY_REGION", ioctl(guest_machine, KVM_SET_USER_MEMORY_REGION, &code));
	must("KVM_SET_USER_MEMORY_REGION", ioctl(guest_machine, KVM_SET_USER_MEMORY_REGION, &memory));
	guest_cpu = ioctl(guest_machine, KVM_CREATE_VCPU, 0UL);
	must("KVM_CREATE_VCPU", guest_cpu);
	guest_state_size = (size_t)ioctl(kvm, KVM_GET_VCPU_MMAP_SIZE, 0UL);
	guest_state = mmap(NULL, guest_state_size, PROT_READ | PROT_WRITE, MAP_SHARED, guest_cpu, 0);
	must("mmap", guest_state == MAP_FAILED ? -1 : 0);
	must("KVM_GET_SREGS", ioctl(guest_cpu, KVM_GET_SREGS, &segments));
	segments.cs.base = 0;
	segments.cs.selector = 0;
	segments.ds.base = SLOT;
	must("KVM_SET_SREGS", ioctl(guest_cpu, KVM_SET_SREGS, &segments));
	must("close", close(kvm));
}`,
  },
  {
    name: "close_guest",
    includes: ["sys/mman.h", "unistd.h"],
    code: String.raw`static void close_guest(void)
{
	must("munmap", munmap(guest_state, guest_state_size));
	must("munmap", munmap(guest_code, PAGE));
	must("close", close(guest_cpu));
	must("close", close(guest_machine));
}`,
  },
  {
    name: "guest_load",
    includes: ["linux/kvm.h", "sys/ioctl.h"],
    code: String.raw`/* A load of the guest from a page of its memory, up to the 16th. */
static long guest_load(size_t page)
{
	struct kvm_regs registers = { .rip = PAGE, .rsi = page * PAGE, .rflags = 2 };

	if (ioctl(guest_cpu, KVM_SET_REGS, &registers) == -1 || ioctl(guest_cpu, KVM_RUN, 0UL) == -1)
		return -1;
	if (guest_state->exit_reason == KVM_EXIT_HLT)
		return 0;
	errno = EIO;
	return -1;
}`,
  },
];

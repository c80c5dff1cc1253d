/** Mappings, files, and how their page tables get into the state that a scenario begins with. */

import type { Helper } from "./c-helper.ts";

export const memoryHelpers: readonly Helper[] = [
  {
    name: "map_area",
    includes: ["sys/mman.h"],
    code: String.raw`/* Without huge pages at first: a scenario says where it wants them. */
static void map_area(char *at, size_t length, int protection, int flags, int fd)
{
	char *got = mmap(at, length, protection, flags | MAP_FIXED_NOREPLACE, fd, 0);

	must("mmap", got == MAP_FAILED ? -1 : 0);
	errno = EEXIST;
	must("mmap at a given address", got == at ? 0 : -1);
	if (madvise(at, length, MADV_NOHUGEPAGE) == -1 && errno != EINVAL)
		must("madvise(MADV_NOHUGEPAGE)", -1);
}`,
  },
  {
    name: "move_area",
    includes: ["sys/mman.h"],
    code: String.raw`static long move_area(char *from, size_t length, char *to)
{
	return mremap(from, length, length, MREMAP_MAYMOVE | MREMAP_FIXED, to) == MAP_FAILED ? -1 : 0;
}`,
  },
  {
    name: "look_into_cache",
    includes: ["sys/mman.h"],
    code: String.raw`static long look_into_cache(char *page)
{
	unsigned char vector;

	return mincore(page, PAGE, &vector);
}`,
  },
  {
    name: "lock_area",
    includes: ["sys/syscall.h", "unistd.h"],
    code: String.raw`/* mlock2() with MLOCK_ONFAULT: marks the mapping, and brings no page. */
static long lock_area(char *at, size_t length)
{
	return syscall(SYS_mlock2, at, length, 1);
}`,
  },
  {
    name: "need_advice",
    includes: ["sys/mman.h"],
    code: String.raw`/* Of nothing: an advice that the kernel does not know is refused all the same. */
static void need_advice(const char *name, int advice)
{
	if (madvise((void *)BASE, 0, advice) == -1)
		unsupported(name);
}`,
  },
  {
    name: "collapsed_so_far",
    includes: ["fcntl.h", "stdlib.h", "unistd.h"],
    code: String.raw`static long collapsed_so_far(void)
{
	char text[32] = "";
	int fd = open("/sys/kernel/mm/transparent_hugepage/khugepaged/pages_collapsed", O_RDONLY | O_CLOEXEC);

	if (fd == -1 || read(fd, text, sizeof(text) - 1) == -1)
		unsupported("khugepaged");
	must("close", close(fd));
	return atol(text);
}`,
  },
  {
    name: "collapse_area",
    includes: ["sys/mman.h", "unistd.h"],
    code: String.raw`/* MADV_COLLAPSE; before Linux 6.1 khugepaged is waited for: let its scan_sleep_millisecs be 0, and pages_to_scan large. */
static long collapse_area(char *at, size_t length)
{
	long before;

	if (madvise(at, 0, MADV_COLLAPSE) == 0)
		return madvise(at, length, MADV_COLLAPSE);
	before = collapsed_so_far();
	if (madvise(at, length, MADV_HUGEPAGE) == -1)
		return -1;
	for (int tenths = 0; tenths < 100; tenths++) {
		if (collapsed_so_far() != before)
			return 0;
		usleep(100000);
	}
	errno = ETIMEDOUT;
	return -1;
}`,
  },
  {
    name: "allow_huge",
    includes: ["sys/mman.h"],
    code: String.raw`static void allow_huge(char *at, size_t length)
{
	if (madvise(at, length, MADV_HUGEPAGE) == -1)
		unsupported("transparent huge pages");
}`,
  },
  {
    name: "empty_pages",
    includes: ["sys/mman.h"],
    code: String.raw`/* Drops entries; less than a whole table at once, since Linux 6.14 takes tables away that become empty. */
static void empty_pages(char *at, size_t from, size_t to)
{
	for (size_t end; from < to; from = end) {
		end = to - from > 256 ? from + 256 : to;
		must("madvise(MADV_DONTNEED)", madvise(at + from * PAGE, (end - from) * PAGE, MADV_DONTNEED));
	}
}`,
  },
  {
    name: "empty_anonymous_table",
    includes: [],
    code: String.raw`/* A store gives the mapping an anon_vma as well; a load does not. */
static void empty_anonymous_table(char *at, int with_anon_vma)
{
	must("the first access", with_anon_vma ? store(at, 0) : load(at));
	empty_pages(at, 0, 1);
}`,
  },
  {
    name: "empty_file_table",
    includes: [],
    code: String.raw`/* A load makes the table; what the fault has mapped goes again. The last page stays in the cache. */
static void empty_file_table(char *at)
{
	must("the first load", load(at + 511 * PAGE));
	empty_pages(at, 0, 512);
}`,
  },
  {
    name: "empty_plain_table",
    includes: [],
    code: String.raw`/* The same for a file that may not be written to: its page leaves the cache by advice. */
static void empty_plain_table(char *at, int fd)
{
	must("the first load", load(at));
	empty_pages(at, 0, 512);
	errno = posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
	must("posix_fadvise", errno == 0 ? 0 : -1);
}`,
  },
  {
    name: "map_pieces",
    includes: ["sys/mman.h"],
    code: String.raw`/* While the mapping is too short for a huge page, faults map small pieces of it. */
static void map_pieces(char *at, size_t pages, int protection)
{
	must("mprotect", mprotect(at + 511 * PAGE, PAGE, PROT_NONE));
	for (size_t page = 0; page < pages; page++)
		must("a load", load(at + page * PAGE));
	empty_pages(at, pages, 511);
	must("mprotect", mprotect(at + 511 * PAGE, PAGE, protection));
}`,
  },
  {
    name: "map_only",
    includes: [],
    code: String.raw`/* A fault on a file maps what is around it as well. */
static void map_only(char *at, size_t page)
{
	must("a load", load(at + page * PAGE));
	empty_pages(at, 0, page);
	empty_pages(at, page + 1, 512);
}`,
  },
  {
    name: "make_huge_page",
    includes: [],
    code: String.raw`static void make_huge_page(char *at)
{
	allow_huge(at, SLOT);
	for (size_t page = 0; page < 512; page++)
		must("a store", store(at + page * PAGE, 1));
	if (collapse_area(at, SLOT) == -1)
		unsupported("a huge page");
}`,
  },
  {
    name: "make_large_folio",
    includes: ["fcntl.h", "unistd.h"],
    code: String.raw`static void make_large_folio(char *at, size_t length)
{
	char text[128] = "";
	int fd = open("/sys/kernel/mm/transparent_hugepage/hugepages-16kB/enabled", O_RDONLY | O_CLOEXEC);

	if (fd == -1 || read(fd, text, sizeof(text) - 1) == -1)
		unsupported("anonymous folios of 16 KiB");
	must("close", close(fd));
	errno = ENOTSUP;
	if (strstr(text, "[always]") == NULL && strstr(text, "[madvise]") == NULL)
		unsupported("folios of 16 KiB (echo madvise > .../transparent_hugepage/hugepages-16kB/enabled)");
	allow_huge(at, length);
	must("a store", store(at, 1));
}`,
  },
  {
    name: "pagemap_entry",
    includes: ["fcntl.h", "stdint.h", "unistd.h"],
    code: String.raw`static uint64_t pagemap_entry(char *page)
{
	uint64_t entry;
	int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);

	must("/proc/self/pagemap", fd);
	errno = EIO;
	must("pread", pread(fd, &entry, sizeof(entry), (off_t)((uintptr_t)page / PAGE * 8)) == 8 ? 0 : -1);
	must("close", close(fd));
	return entry;
}`,
  },
  {
    name: "swap_out",
    includes: ["sys/mman.h"],
    code: String.raw`static void swap_out(char *page)
{
	for (int attempt = 0; attempt < 100; attempt++) {
		must("madvise(MADV_PAGEOUT)", madvise(page, PAGE, MADV_PAGEOUT));
		if ((pagemap_entry(page) >> 62 & 1) != 0)
			return;
		usleep(1000);
	}
	errno = ENOTSUP;
	unsupported("swapping out a page (is there swap space?)");
}`,
  },
  {
    name: "fork_and_end",
    includes: ["unistd.h"],
    code: String.raw`/* fork() write-protects all anonymous pages, and they are nobody's alone until somebody looks. */
static void fork_and_end(void)
{
	pid_t child = fork();

	must("fork", child);
	if (child == 0)
		_exit(0);
	reap(child);
}`,
  },
];

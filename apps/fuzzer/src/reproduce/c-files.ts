/** Files, and what the page cache has of them. */

import type { Helper } from "./c-helper.ts";

export const fileHelpers: readonly Helper[] = [
  {
    name: "punch_page",
    includes: ["fcntl.h"],
    code: String.raw`static long punch_page(int fd, size_t page)
{
	return fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)(page * PAGE), (off_t)PAGE);
}`,
  },
  {
    name: "make_memfd",
    includes: ["sys/mman.h", "unistd.h"],
    code: String.raw`static int make_memfd(size_t cached)
{
	static const char page_of_ones[PAGE] = { 1 };
	int fd = memfd_create("mmrace", MFD_CLOEXEC);

	must("memfd_create", fd);
	must("ftruncate", ftruncate(fd, (off_t)SLOT));
	errno = EIO;
	for (size_t page = 0; page < cached; page++)
		must("pwrite", pwrite(fd, page_of_ones, PAGE, (off_t)(page * PAGE)) == (ssize_t)PAGE ? 0 : -1);
	return fd;
}`,
  },
  {
    name: "make_plain_file",
    includes: ["fcntl.h", "stdio.h", "stdlib.h", "unistd.h"],
    code: String.raw`/* On disk, with nothing in the cache, and open for reading only. */
static int make_plain_file(void)
{
	static const char page_of_ones[PAGE] = { 1 };
	char name[] = "./mmrace-XXXXXX";
	char path[64];
	int writer = mkstemp(name), reader;

	must("mkstemp", writer);
	errno = EIO;
	for (size_t page = 0; page < 512; page++)
		must("write", write(writer, page_of_ones, PAGE) == (ssize_t)PAGE ? 0 : -1);
	must("fsync", fsync(writer));
	snprintf(path, sizeof(path), "/proc/self/fd/%d", writer);
	reader = open(path, O_RDONLY | O_CLOEXEC);
	must("open", reader);
	must("unlink", unlink(name));
	must("close", close(writer));
	errno = posix_fadvise(reader, 0, 0, POSIX_FADV_DONTNEED);
	must("posix_fadvise", errno == 0 ? 0 : -1);
	return reader;
}`,
  },
  {
    name: "make_cache_huge",
    includes: ["sys/mman.h"],
    code: String.raw`/* Through a mapping that goes again. */
static void make_cache_huge(int fd)
{
	char *at = (char *)(BASE + 64 * SLOT);
	long result = -1;

	map_area(at, SLOT, PROT_READ | PROT_WRITE, MAP_SHARED, fd);
	allow_huge(at, SLOT);
	for (int attempt = 0; attempt < 10 && result == -1; attempt++)
		result = collapse_area(at, SLOT);
	if (result == -1)
		unsupported("a huge page in the page cache");
	must("munmap", munmap(at, SLOT));
}`,
  },
];

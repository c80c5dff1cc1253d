/** The calls of userfaultfd(2). Numbers that are newer than headers in use are given by value; they are the kernel's ABI. */

import type { Helper } from "./c-helper.ts";

const includes = ["linux/userfaultfd.h", "stdint.h", "sys/ioctl.h"];

export const userfaultfdHelpers: readonly Helper[] = [
  {
    name: "open_uffd",
    includes: [...includes, "fcntl.h", "sys/syscall.h", "unistd.h"],
    code: String.raw`static int uffd = -1;

static void open_uffd(uint64_t features)
{
	struct uffdio_api api = { .api = UFFD_API, .features = features };

	/* With UFFD_USER_MODE_ONLY, which needs no privilege; before Linux 5.11 without it. */
	uffd = (int)syscall(SYS_userfaultfd, O_CLOEXEC | 1);
	if (uffd == -1 && errno == EINVAL)
		uffd = (int)syscall(SYS_userfaultfd, O_CLOEXEC);
	if (uffd == -1)
		unsupported("userfaultfd(2)");
	if (ioctl(uffd, UFFDIO_API, &api) == -1)
		unsupported("a feature of userfaultfd");
}`,
  },
  {
    name: "close_uffd",
    includes: ["unistd.h"],
    code: String.raw`static void close_uffd(void)
{
	must("close", close(uffd));
	uffd = -1;
}`,
  },
  {
    name: "uffd_register",
    includes,
    code: String.raw`static long uffd_register(char *at, size_t length, uint64_t mode)
{
	struct uffdio_register request = { .range = { (uintptr_t)at, length }, .mode = mode };

	if (uffd == -1)
		open_uffd(0);
	return ioctl(uffd, UFFDIO_REGISTER, &request);
}`,
  },
  {
    name: "uffd_copy",
    includes,
    code: String.raw`static long uffd_copy(char *page)
{
	static char source[PAGE] __attribute__((aligned(4096))) = { 9 };
	struct uffdio_copy request = { .dst = (uintptr_t)page, .src = (uintptr_t)source, .len = PAGE };

	return ioctl(uffd, UFFDIO_COPY, &request);
}`,
  },
  {
    name: "uffd_zeropage",
    includes,
    code: String.raw`static long uffd_zeropage(char *page)
{
	struct uffdio_zeropage request = { .range = { (uintptr_t)page, PAGE } };

	return ioctl(uffd, UFFDIO_ZEROPAGE, &request);
}`,
  },
  {
    name: "uffd_continue",
    includes,
    code: String.raw`struct continue_request {
	struct uffdio_range range;
	uint64_t mode;
	int64_t mapped;
};

static long uffd_continue(char *page)
{
	struct continue_request request = { .range = { (uintptr_t)page, PAGE } };

	return ioctl(uffd, _IOWR(0xAA, 0x07, struct continue_request), &request);
}`,
  },
  {
    name: "uffd_poison",
    includes,
    code: String.raw`struct poison_request {
	struct uffdio_range range;
	uint64_t mode;
	int64_t updated;
};

static long uffd_poison(char *page)
{
	struct poison_request request = { .range = { (uintptr_t)page, PAGE } };

	return ioctl(uffd, _IOWR(0xAA, 0x08, struct poison_request), &request);
}`,
  },
  {
    name: "uffd_protect",
    includes,
    code: String.raw`struct protect_request {
	struct uffdio_range range;
	uint64_t mode;
};

static long uffd_protect(char *page, int is_protected)
{
	struct protect_request request = { { (uintptr_t)page, PAGE }, is_protected ? 1 : 0 };

	return ioctl(uffd, _IOWR(0xAA, 0x06, struct protect_request), &request);
}`,
  },
  {
    name: "uffd_move",
    includes,
    code: String.raw`struct move_request {
	uint64_t to;
	uint64_t from;
	uint64_t length;
	uint64_t mode;
	int64_t moved;
};

static long uffd_move(char *to, char *from)
{
	struct move_request request = { .to = (uintptr_t)to, .from = (uintptr_t)from, .length = PAGE };

	return ioctl(uffd, _IOWR(0xAA, 0x05, struct move_request), &request);
}`,
  },
];

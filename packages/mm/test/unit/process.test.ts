/** System calls, as C programs of one thread: results, error codes, and what /proc says afterwards. */

import { Process, USER_BASE, type Errno, type World } from "@mmrace/mm";
import type { Steps } from "@mmrace/scheduler";
import { expect, test } from "vitest";
import { alone } from "./alone-in.ts";

const PAGE = 0x1000;
const MB2 = 0x20_0000;
const RW = "PROT_READ|PROT_WRITE";

/** Runs a program in a process of its own, on CPU 0. */
function run<R>(
  kernel: string,
  program: (p: Process) => Steps<R>,
): { readonly p: Process; readonly result: R } {
  const { w, result } = alone(
    kernel,
    (world: World) => {
      const mm = world.createMm();
      world.runOn(0, mm);
      return Object.assign(world, { p: new Process(world, mm) });
    },
    (world) => program(world.p),
  );
  return { p: w.p, result };
}

test.each(["6.1", "6.12", "6.18"])("on %s memory is mapped, stored to, moved and unmapped", (kernel) => {
  const { p, result } = run(kernel, function* (q) {
    const at = yield* q.mmap(USER_BASE, MB2, RW);
    const stored = yield* q.store(USER_BASE, 7);
    const rss = q.rss();
    const moved = yield* q.mremap(USER_BASE, MB2, USER_BASE + MB2);
    const results = [at, stored, moved, yield* q.load(USER_BASE + MB2), yield* q.load(USER_BASE)];
    return [...results, rss.anon, yield* q.munmap(USER_BASE + MB2, MB2)];
  });
  expect(result).toEqual([USER_BASE, "stored", USER_BASE + MB2, 7, "SIGSEGV", 512, 0]);
  expect(p.rss()).toEqual({ anon: 0, file: 0 });
});

type Call = (p: Process) => Steps<number | Errno>;
const calls: readonly (readonly [string, Errno | 0, Call])[] = [
  ["mmap of nothing", "EINVAL", (p) => p.mmap(USER_BASE, 0, RW)],
  ["mmap at half a page", "EINVAL", (p) => p.mmap(USER_BASE + 1, PAGE, RW)],
  ["mmap beyond the end", "ENOMEM", (p) => p.mmap(USER_BASE + 64 * MB2, PAGE, RW)],
  ["mmap over a mapping", "EEXIST", (p) => p.mmap(USER_BASE, PAGE, RW, { noreplace: true })],
  ["munmap at half a page", "EINVAL", (p) => p.munmap(USER_BASE + 1, PAGE)],
  ["munmap of nothing mapped", 0, (p) => p.munmap(USER_BASE + MB2, PAGE)],
  ["mremap of nothing mapped", "EFAULT", (p) => p.mremap(USER_BASE + MB2, PAGE, USER_BASE)],
  ["mremap onto itself", "EINVAL", (p) => p.mremap(USER_BASE, MB2, USER_BASE + PAGE)],
  ["madvise at half a page", "EINVAL", (p) => p.madvise(USER_BASE + 1, PAGE, "MADV_DONTNEED")],
  ["madvise of nothing mapped", "ENOMEM", (p) => p.madvise(USER_BASE + MB2, PAGE, "MADV_DONTNEED")],
  ["madvise beyond the mapping", "ENOMEM", (p) => p.madvise(USER_BASE, MB2 + PAGE, "MADV_DONTNEED")],
  ["collapse of nothing present", "EINVAL", (p) => p.madvise(USER_BASE, MB2, "MADV_COLLAPSE")],
  ["a fill that is not registered", "ENOENT", (p) => p.userfaultfd().copy(USER_BASE)],
  ["a registration without a mode", "EINVAL", (p) => p.userfaultfd().register(USER_BASE, {})],
  ["minor faults of anonymous memory", "EINVAL", (p) => p.userfaultfd().register(USER_BASE, { minor: true })],
];

test.each(calls)("%s: %s", (_what, wanted, call) => {
  const { result } = run("6.12", function* (p) {
    yield* p.mmap(USER_BASE, MB2, RW);
    return yield* call(p);
  });
  expect(result).toBe(wanted);
});

test("userfaultfd fills once, protects, and pagemap says so", () => {
  const { p, result } = run("6.12", function* (q) {
    yield* q.mmap(USER_BASE, MB2, RW);
    const uffd = q.userfaultfd();
    const results = [yield* uffd.register(USER_BASE, { missing: true, wp: true })];
    results.push(
      yield* uffd.copy(USER_BASE),
      yield* uffd.copy(USER_BASE),
      yield* uffd.zeropage(USER_BASE + PAGE),
    );
    results.push(yield* uffd.writeprotect(USER_BASE, PAGE, true));
    return results;
  });
  expect(result).toEqual([0, 0, "EEXIST", 0, 0]);
  expect(p.pagemap(USER_BASE, 3 * PAGE)).toEqual([
    { present: true, swapped: false, file: false, exclusive: true, uffdWp: true },
    { present: true, swapped: false, file: false, exclusive: false, uffdWp: false },
    { present: false, swapped: false, file: false, exclusive: false, uffdWp: false },
  ]);
});

test("a shared mapping of shmem and MADV_DONTNEED, which keeps what the file has", () => {
  const { p, result } = run("6.18", function* (q) {
    const file = q.w.createFile("shmem");
    yield* q.mmap(USER_BASE, MB2, RW, { shared: true }, file);
    yield* q.store(USER_BASE, 5);
    const before = q.pagemap(USER_BASE, PAGE)[0]!.file;
    const advised = yield* q.madvise(USER_BASE, PAGE, "MADV_DONTNEED");
    const after = q.pagemap(USER_BASE, PAGE)[0]!.present;
    return [before, advised, after, yield* q.load(USER_BASE)];
  });
  expect(result).toEqual([true, 0, false, 5]);
  expect(p.rss().anon).toBe(0);
});

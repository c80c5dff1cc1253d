/**
 * System calls of one process, so that scenarios read like C programs.
 *
 * Arguments are checked as the kernel checks them, and what it refuses is an answer, under the kernel's name. What the kernel
 * would do and the model cannot (splitting a VMA) is a `UsageError`.
 *
 * Mappings are looked up under the lock that the kernel takes, so several threads may call at the same time.
 *
 * Reduced: addresses are always given (MAP_FIXED; MAP_FIXED_NOREPLACE answers EEXIST); no signals but those that `load` and
 * `store` give back.
 *
 * @see mm/mmap.c, do_mmap(); mm/madvise.c, do_madvise(); mm/mremap.c, check_mremap_params(), Linux v6.12
 */

import { readOnce, type Steps } from "@mmrace/scheduler";
import { PAGE_SIZE, PMD_SIZE, VM_READ, VM_SHARED, VM_WRITE } from "@mmrace/x86-paging";
import { userLoad, userStore, type Signal } from "../hardware/user-code.ts";
import type { AddressSpace } from "../state/address-space.ts";
import type { MmStruct } from "../state/mm-struct.ts";
import type { Vma } from "../state/vma.ts";
import type { World } from "../state/world.ts";
import { pagemapOf, type PagemapEntry } from "./pagemap.ts";
import { Userfaultfd } from "./userfaultfd.ts";

/** What a system call answers when it fails. */
export type Errno = "EAGAIN" | "EBUSY" | "EEXIST" | "EFAULT" | "EINVAL" | "ENOENT" | "ENOMEM";

/** Access that a mapping allows. */
export type Protection = "PROT_READ" | "PROT_WRITE" | "PROT_READ|PROT_WRITE";

/** How a mapping shares, and whether it may take the place of what is there. */
export interface MmapFlags {
  readonly shared?: boolean;
  /** MAP_FIXED_NOREPLACE: EEXIST where something is mapped. Default: MAP_FIXED, what is there goes. */
  readonly noreplace?: boolean;
}

/** Advice of madvise(). The guards need 6.13 or later. */
export type Advice = "MADV_DONTNEED" | "MADV_COLLAPSE" | "MADV_GUARD_INSTALL" | "MADV_GUARD_REMOVE";

const PROTECTIONS: Readonly<Record<Protection, number>> = {
  PROT_READ: VM_READ,
  PROT_WRITE: VM_WRITE,
  "PROT_READ|PROT_WRITE": VM_READ | VM_WRITE,
};

/** One process. Loads and stores need a CPU that runs its mm: `w.runOn(cpu, mm)`. */
export class Process {
  readonly w: World;
  readonly mm: MmStruct;

  constructor(w: World, mm: MmStruct) {
    this.w = w;
    this.mm = mm;
  }

  /** Maps a file from page `pgoff` on, or anonymous memory. Answers the address. Lengths are rounded up to pages. */
  *mmap(
    start: number,
    length: number,
    prot: Protection,
    { shared = false, noreplace = false }: MmapFlags = {},
    file: AddressSpace | null = null,
    pgoff = 0,
  ): Steps<number | Errno> {
    if (length <= 0 || !isAligned(start)) return "EINVAL";
    const end = start + pagesUp(length);
    if (!this.#fits(start, end)) return "ENOMEM";
    const place = file === null ? { start, end, file } : { start, end, file, pgoff };
    const flags = PROTECTIONS[prot] | (shared ? VM_SHARED : 0);
    const answer = yield* this.w.kernel.mmapRegion(this.w, this.mm, place, flags, noreplace);
    return answer === 0 ? start : answer;
  }

  /** Takes whole mappings away. Nothing there is no error. @throws {UsageError} when a mapping would have to be split. */
  *munmap(start: number, length: number): Steps<0 | Errno> {
    if (length <= 0 || !isAligned(start)) return "EINVAL";
    yield* this.w.kernel.doMunmap(this.w, this.mm, start, start + pagesUp(length));
    return 0;
  }

  /** MREMAP_FIXED of a whole mapping, same size: what is at the new place goes. Answers the new address. */
  *mremap(old: number, length: number, to: number): Steps<number | Errno> {
    const size = pagesUp(length);
    if (!isAligned(old) || !isAligned(to) || length <= 0) return "EINVAL";
    if (old < to + size && to < old + size) return "EINVAL";
    if (!this.#fits(to, to + size)) return "ENOMEM";
    return yield* this.w.kernel.mremapTo(this.w, this.mm, old, size, to);
  }

  /** Advice for a range. What is not mapped of it answers ENOMEM, after the rest was done, as in the kernel. */
  *madvise(start: number, length: number, advice: Advice): Steps<0 | Errno> {
    if (!isAligned(start) || length < 0) return "EINVAL";
    const end = start + pagesUp(length);
    if (end === start) return 0;
    const { w, mm } = this;
    if (advice === "MADV_COLLAPSE") return yield* this.#collapse(start, end);
    if (advice === "MADV_DONTNEED") return yield* w.kernel.madviseDontneed(w, mm, start, end);
    if (advice === "MADV_GUARD_REMOVE") return yield* w.kernel.madviseGuardRemove(w, mm, start, end);
    return yield* w.kernel.madviseGuardInstall(w, mm, start, end);
  }

  *#collapse(start: number, end: number): Steps<0 | Errno> {
    const { w, mm } = this;
    yield* w.kernel.mmapReadLock(w, mm);
    const isMapped = coversAll(yield* readOnce(mm.vmas), start, end);
    const result = isMapped ? yield* w.kernel.madviseCollapse(w, mm, start, end) : "VMA_NULL";
    yield* w.kernel.mmapReadUnlock(w, mm);
    if (!isMapped) return "ENOMEM";
    // madvise_collapse_errno()
    if (result === "SUCCEED" || result === "PMD_MAPPED") return 0;
    return ["PAGE_COUNT", "PAGE_LOCK", "PAGE_LRU"].includes(result) ? "EAGAIN" : "EINVAL";
  }

  /** The userfaultfd of the process. */
  userfaultfd(): Userfaultfd {
    return new Userfaultfd(this.w, this.mm);
  }

  /** What user code loads. */
  *load(address: number): Steps<number | Signal> {
    if (!this.mm.covers(address)) return "SIGSEGV";
    return yield* userLoad(this.w, { mm: this.mm }, address);
  }

  /** User code stores a value, as all that the page holds. */
  *store(address: number, value: number): Steps<"stored" | Signal> {
    if (!this.mm.covers(address)) return "SIGSEGV";
    return yield* userStore(this.w, { mm: this.mm }, address, value);
  }

  /** What /proc/pid/pagemap says of each page. Looks at all at once: for programs of one thread, and at the end. */
  pagemap(start: number, length: number): readonly PagemapEntry[] {
    const pages = pagesUp(length) / PAGE_SIZE;
    return Array.from({ length: pages }, (_, page) => pagemapOf(this.w, this.mm, start + page * PAGE_SIZE));
  }

  /** Resident pages: VmRSS of /proc/pid/status. */
  rss(): { readonly anon: number; readonly file: number } {
    const { rss_anon: anon, rss_file: file } = this.mm.counters.values;
    return { anon, file };
  }

  /** Whether the world has slots for all of the range, which is all the address space there is. */
  #fits(start: number, end: number): boolean {
    for (let at = start; at < end; at += PMD_SIZE) if (!this.mm.covers(at)) return false;
    return this.mm.covers(end - 1);
  }
}

function isAligned(address: number): boolean {
  return address % PAGE_SIZE === 0;
}

function pagesUp(length: number): number {
  return Math.ceil(length / PAGE_SIZE) * PAGE_SIZE;
}

function coversAll(vmas: readonly Vma[], start: number, end: number): boolean {
  const covered = vmas.reduce(
    (sum, vma) => sum + Math.max(0, Math.min(end, vma.end) - Math.max(start, vma.start)),
    0,
  );
  return covered === end - start;
}

/** Memory areas. Kernel: `struct vm_area_struct` and `struct anon_vma`. */

import { RwSem, VmaRefcountLock, VmaRwsemLock, type Lockdep } from "@mmrace/locks";
import { Cell, Lifetime, Operation, type OperationKind } from "@mmrace/scheduler";
import { PAGE_SIZE, PMD_SIZE, VM_READ, VM_SHARED, VM_WRITE } from "@mmrace/x86-paging";
import type { AddressSpace } from "./address-space.ts";
import type { MmStruct } from "./mm-struct.ts";
import type { UserfaultfdCtx } from "./userfaultfd-ctx.ts";

/** Bit of `vm_flags`: a fault on a missing page is userfaultfd's to serve (include/linux/mm.h, as are those below). */
export const VM_UFFD_MISSING = 0x200;
/** Bit of `vm_flags`: pages of a device, without `struct page`. */
export const VM_PFNMAP = 0x400;
/** Bit of `vm_flags`: userfaultfd hears of stores to pages it has write-protected. */
export const VM_UFFD_WP = 0x1000;
/** Bit of `vm_flags`: pages that reclaim must leave alone. */
export const VM_LOCKED = 0x2000;
/** Bit of `vm_flags`: not copied lazily; here what keeps huge pages out of a VMA, VM_NOHUGEPAGE. */
export const VM_NOHUGEPAGE = 0x4000_0000;
/** Bit of `vm_flags`: a fault on a page that is in the cache but not mapped is userfaultfd's. 2^41 in the kernel. */
export const VM_UFFD_MINOR = 0x1000_0000;

/** All modes of userfaultfd. */
export const VM_UFFD_MODES: number = VM_UFFD_MISSING | VM_UFFD_WP | VM_UFFD_MINOR;

/** Readable and writable, as most mappings are. */
export const VM_READ_WRITE: number = VM_READ | VM_WRITE;

export { VM_READ, VM_SHARED, VM_WRITE };

/** Oracle: a VMA is used after it was freed. */
export const VMA_USE_AFTER_FREE = "VMA use-after-free";

/** What anonymous pages of a VMA are found through. */
export class AnonVma {
  /** The lock of the root. */
  readonly rwsem: RwSem;
  /** The VMAs that may map its pages; writers hold the lock for writing. */
  readonly vmas: Cell<readonly Vma[]>;

  constructor(lockdep: Lockdep) {
    this.rwsem = new RwSem(lockdep, "anon_vma", { name: "anon_vma rwsem" });
    this.vmas = new Cell<readonly Vma[]>("anon_vma_tree", [], {
      name: "anon_vma rb_root",
      show: (vmas) => `${vmas.length} VMAs`,
    });
  }
}

/** The per-VMA locks of the releases: both exist in every world, and a release uses one of them, or neither. */
export interface VmaLocks {
  /** 6.4 to 6.14. */
  readonly rwsem: VmaRwsemLock;
  /** 6.15 and later. */
  readonly refcount: VmaRefcountLock;
}

/**
 * A mapping of a file or of anonymous memory.
 *
 * Reduced: a VMA is neither split nor merged nor moved; system calls that would have to are refused.
 */
export class Vma {
  readonly mm: MmStruct;
  /** First address, and the first after it. */
  readonly start: number;
  readonly end: number;
  /** `null`: anonymous memory. */
  readonly file: AddressSpace | null;
  /** Page of the file at `start`, or `start` divided by the page size. */
  readonly pgoff: number;
  readonly flags: Cell<number>;
  /** Set once, when the VMA gets its first anonymous page. */
  readonly anonVma: Cell<AnonVma | null>;
  readonly uffdCtx: Cell<UserfaultfdCtx | null>;
  /** Whether guard markers may be in it: VM_MAYBE_GUARD, which 6.19 sets atomically. */
  readonly maybeGuard: Cell<boolean>;
  /** Its memory: freed after a grace period. */
  readonly lifetime: Lifetime;
  readonly locks: VmaLocks;
  /** The VMA whose pages mremap() moves here, from before anybody can find this one on: ghost state. */
  movedFrom: Vma | null = null;

  constructor(mm: MmStruct, place: VmaPlace, flags: number) {
    const hex = (bits: number): string => `0x${bits.toString(16)}`;
    const { lockdep } = mm.lock;
    this.mm = mm;
    mm.everyVma.push(this);
    this.start = place.start;
    this.end = place.end;
    this.file = place.file;
    this.pgoff = place.pgoff ?? (place.file === null ? place.start / PAGE_SIZE : 0);
    this.lifetime = new Lifetime("vma", `VMA ${hex(place.start)} of ${mm.name}`, VMA_USE_AFTER_FREE);
    this.flags = new Cell("vm_flags", flags, { name: "vma->vm_flags", show: hex });
    this.anonVma = new Cell<AnonVma | null>("anon_vma", null, {
      name: "vma->anon_vma",
      show: (anonVma) => (anonVma === null ? "NULL" : "set"),
    });
    this.uffdCtx = new Cell<UserfaultfdCtx | null>("uffd_ctx", null, {
      name: "vma->vm_userfaultfd_ctx",
      show: (ctx) => (ctx === null ? "NULL" : ctx.name),
    });
    this.maybeGuard = new Cell("vma_maybe_guard", false, { name: "VM_MAYBE_GUARD" });
    this.locks = {
      rwsem: new VmaRwsemLock(mm.lock, this.lifetime),
      refcount: new VmaRefcountLock(lockdep, this.lifetime),
    };
    // As the last step of mapping it does.
    this.locks.refcount.refcount.value = 1;
    this.locks.refcount.vmMm.value = mm.id;
  }

  /** Whether the address is in it. */
  covers(address: number): boolean {
    return address >= this.start && address < this.end;
  }

  /** The page of the file, or of anonymous memory, that an address is. */
  indexOf(address: number): number {
    return this.pgoff + Math.floor((address - this.start) / PAGE_SIZE);
  }

  /** Where a page of the file is mapped, if the VMA has it: vma_address(). */
  addressOf(index: number): number | undefined {
    const address = this.start + (index - this.pgoff) * PAGE_SIZE;
    return this.covers(address) ? address : undefined;
  }
}

/** Where a VMA lies and what it maps. */
export interface VmaPlace {
  readonly start: number;
  readonly end: number;
  readonly file: AddressSpace | null;
  readonly pgoff?: number;
}

/** A VMA of 2 MiB, aligned, from the start of a file or of anonymous memory. */
export function wholePmd(start: number, file: AddressSpace | null): VmaPlace {
  return { start, end: start + PMD_SIZE, file };
}

const freeKind: OperationKind<Lifetime, void, void> = {
  name: "vm_area_free",
  access: "write",
  perform: (lifetime) => lifetime.end(),
};

/** Frees a VMA's memory: from here on every use of its locks is a violation. */
export function freeVma(vma: Vma): Operation<void> {
  return Operation.of(freeKind, vma.lifetime, undefined);
}

/** Memory areas. Kernel: `struct vm_area_struct` and `struct anon_vma`. */

import { RwSem, type Lockdep } from "@mmrace/locks";
import { Cell } from "@mmrace/scheduler";
import type { AddressSpace } from "./address-space.ts";
import type { MmStruct } from "./mm-struct.ts";

/** Bit of `vm_flags`: stores go to the file (include/linux/mm.h, as are the two below). */
export const VM_SHARED = 0x8;
/** Bit of `vm_flags`: a fault on a missing page is userfaultfd's to serve. */
export const VM_UFFD_MISSING = 0x200;
/** Bit of `vm_flags`: userfaultfd hears of stores to pages it has write-protected. */
export const VM_UFFD_WP = 0x1000;

/** What anonymous pages of a VMA are found through. */
export class AnonVma {
  readonly rwsem: RwSem;

  constructor(lockdep: Lockdep) {
    this.rwsem = new RwSem(lockdep, "anon_vma", { name: "anon_vma rwsem" });
  }
}

/** A file mapping of 2 MiB, aligned, from the start of the file. */
export class Vma {
  readonly mm: MmStruct;
  /** First address; the VMA covers one PMD slot. */
  readonly start: number;
  readonly file: AddressSpace;
  readonly flags: Cell<number>;
  /** Set once, when the VMA gets its first anonymous page. */
  readonly anonVma: Cell<AnonVma | null>;

  constructor(mm: MmStruct, start: number, file: AddressSpace, flags: number) {
    this.mm = mm;
    this.start = start;
    this.file = file;
    const hex = (bits: number): string => `0x${bits.toString(16)}`;
    this.flags = new Cell("vm_flags", flags, { name: "vma->vm_flags", show: hex });
    this.anonVma = new Cell<AnonVma | null>("anon_vma", null, {
      name: "vma->anon_vma",
      show: (anonVma) => (anonVma === null ? "NULL" : "set"),
    });
  }
}

/**
 * From a VMA's flags to the protection bits of its entries, and the software check of an access.
 *
 * @see arch/x86/mm/pgprot.c, vm_get_page_prot(); arch/x86/include/asm/pgtable.h, __pte_access_permitted()
 */

import { bitMask, bits, type Entry, type Word } from "../entry.ts";
import { FLAG, PRESENT, RW, USER } from "../flags.ts";

/** VMA flag: reads are allowed. */
export const VM_READ = 0x1;
/** VMA flag: writes are allowed. */
export const VM_WRITE = 0x2;
/** VMA flag: instruction fetches are allowed. */
export const VM_EXEC = 0x4;
/** VMA flag: changes are seen by other mappings of the object. */
export const VM_SHARED = 0x8;
/** VMA flag, a word since it is bit 37: a shadow stack. The position is that of 6.12. */
export const VM_SHADOW_STACK: Word = bitMask(37);
/** A VMA keeps its protection key in bits 35..32 of its flags. */
export const VM_PKEY_SHIFT = 32;

const USER_PAGE: Word = bits(FLAG.PRESENT, FLAG.USER, FLAG.ACCESSED);

/** Protections of user mappings. All but PAGE_NONE allow reads; x86 has no write-only or execute-only bit. */
export const PAGE_NONE: Word = bits(FLAG.PROTNONE, FLAG.ACCESSED);
/** Read and execute. */
export const PAGE_READONLY_EXEC: Word = USER_PAGE;
/** Read only. */
export const PAGE_READONLY: Word = bits(USER_PAGE, FLAG.NX);
/** Private and writable: mapped read-only, so that the first write faults and copies. */
export const PAGE_COPY: Word = PAGE_READONLY;
/** {@link PAGE_COPY}, executable. */
export const PAGE_COPY_EXEC: Word = PAGE_READONLY_EXEC;
/** Shared and writable. */
export const PAGE_SHARED: Word = bits(USER_PAGE, FLAG.RW, FLAG.NX);
/** {@link PAGE_SHARED}, executable. */
export const PAGE_SHARED_EXEC: Word = bits(USER_PAGE, FLAG.RW);

/**
 * The protection that entries of a VMA get. Private writable mappings come out read-only (copy on write).
 *
 * @param vmFlags the VMA's flags; only read, write, exec, shared and the key matter.
 */
export function vmGetPageProt(vmFlags: Word): Word {
  const prot = protectionOf(vmFlags.lo & (VM_READ | VM_WRITE | VM_EXEC | VM_SHARED));
  const pkey = vmFlags.hi & 0xf;
  return { lo: prot.lo, hi: prot.hi | (pkey << 27) };
}

function protectionOf(flags: number): Word {
  if ((flags & (VM_READ | VM_WRITE | VM_EXEC)) === 0) return PAGE_NONE;
  const exec = (flags & VM_EXEC) !== 0;
  if ((flags & VM_WRITE) !== 0 && (flags & VM_SHARED) !== 0) return exec ? PAGE_SHARED_EXEC : PAGE_SHARED;
  return exec ? PAGE_READONLY_EXEC : PAGE_READONLY;
}

/**
 * May user code read (or write) through this entry? What get_user_pages_fast asks. Present and US, and RW for
 * writes. Protection keys are the processor's business: see permission.ts.
 */
export function pteAccessPermitted(pte: Entry, write: boolean): boolean {
  const need = PRESENT | USER | (write ? RW : 0);
  return (pte.lo & need) === need;
}

/** {@link pteAccessPermitted} of a huge page. */
export const pmdAccessPermitted: (pmd: Entry, write: boolean) => boolean = pteAccessPermitted;

/** The flag sets with which the modelled procedures install entries. Kernel: protection_map[], arch/x86/mm/pgprot.c. */

import { bits, FLAG, type Word } from "@mmrace/x86-paging";

/** A file page mapped by a read fault: P, US, A. */
export const READ_FAULT: Word = bits(FLAG.PRESENT, FLAG.USER, FLAG.ACCESSED);

/** A shared page that has been written through: P, RW, US, A. */
export const SHARED_WRITABLE: Word = bits(READ_FAULT, FLAG.RW);

/** A new anonymous page: P, RW, US, A, D. */
export const ANON_WRITABLE: Word = bits(SHARED_WRITABLE, FLAG.DIRTY);

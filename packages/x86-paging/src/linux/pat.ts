/**
 * The PAT bit sits at bit 7 of a 4 KiB entry and at bit 12 of larger ones, where bit 7 is PSE.
 *
 * @see arch/x86/include/asm/pgtable_types.h, pgprot_4k_2_large()
 */

import type { Word } from "../entry.ts";
import { BIT } from "../flags.ts";

const SMALL = 1 << BIT.PAT;
const LARGE = 1 << BIT.PAT_LARGE;

/** A 4 KiB protection as a large page's: PAT moves from bit 7 to bit 12. The caller adds PSE. */
export function pgprot4kToLarge(prot: Word): Word {
  return { lo: (prot.lo & ~(SMALL | LARGE)) | ((prot.lo & SMALL) << 5), hi: prot.hi };
}

/** A large page's protection as a 4 KiB one's: PAT moves from bit 12 to bit 7, and PSE is lost. */
export function pgprotLargeTo4k(prot: Word): Word {
  return { lo: (prot.lo & ~(SMALL | LARGE)) | ((prot.lo & LARGE) >>> 5), hi: prot.hi };
}

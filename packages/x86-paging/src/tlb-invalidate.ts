/**
 * What software can do about stale translations, and what each way is allowed to leave behind.
 *
 * Intel SDM volume 3, section 5.10.4. Each function removes exactly what the manual demands and nothing more,
 * the worst processor the manual allows. A kinder one is this plus evictions. All return how many entries went.
 */

import { covers, pagesSpanned, serves, type TlbEntry, type TranslationCaches } from "./tlb.ts";

/**
 * INVLPG. Gone: translations of the page for the current PCID, global ones of the page for any PCID, and *all*
 * table pointers of the current PCID. A large page goes whole, with all its fragments. May stay: other pages,
 * and this page under other PCIDs.
 */
export function invlpg(caches: TranslationCaches, page: number, pcid: number): number {
  return caches.retain(
    (entry) => !(isOfPage(entry, page) && (entry.global || entry.pcid === pcid)),
    (entry) => entry.pcid !== pcid,
  );
}

/**
 * INVPCID type 0. Gone: translations and table pointers used for one address under one PCID. May stay: global
 * translations, even of that page.
 */
export function invpcidAddress(caches: TranslationCaches, page: number, pcid: number): number {
  return caches.retain(
    (entry) => entry.global || entry.pcid !== pcid || !isOfPage(entry, page),
    (entry) => entry.pcid !== pcid || !covers(entry, page),
  );
}

/** INVPCID type 1. Gone: everything of one PCID but global translations. */
export function invpcidContext(caches: TranslationCaches, pcid: number): number {
  return caches.retain(
    (entry) => entry.global || entry.pcid !== pcid,
    (entry) => entry.pcid !== pcid,
  );
}

/** INVPCID type 2, a change of CR4.PGE, CR4.PCIDE from 1 to 0, CR0.PG from 1 to 0. Gone: everything. */
export function invpcidAll(caches: TranslationCaches): number {
  return caches.retain(
    () => false,
    () => false,
  );
}

/** INVPCID type 3. Gone: everything but global translations. */
export function invpcidAllNonGlobal(caches: TranslationCaches): number {
  return caches.retain(
    (entry) => entry.global,
    () => false,
  );
}

/** A value for CR3, as far as the caches care. */
export interface Cr3Load {
  /** Bits 11..0 with CR4.PCIDE; 0 without. */
  readonly pcid: number;
  /** Bit 63 with CR4.PCIDE: nothing need be invalidated. Not allowed without. */
  readonly noFlush: boolean;
}

/**
 * MOV to CR3. Gone: everything of the *new* PCID but global translations; nothing at all with bit 63. May stay:
 * what the old PCID had, and this is what makes switching back and forth cheap and stale entries last.
 */
export function loadCr3(caches: TranslationCaches, load: Cr3Load): number {
  return load.noFlush ? 0 : invpcidContext(caches, load.pcid);
}

/** MOV to CR4 that sets SMEP. Gone: everything of the current PCID, global translations of that PCID too. */
export function enableSmep(caches: TranslationCaches, pcid: number): number {
  return caches.retain(
    (entry) => entry.pcid !== pcid,
    (entry) => entry.pcid !== pcid,
  );
}

/**
 * A page fault. Gone: translations of the page and table pointers used for it, under the current PCID. So a
 * fault that only a stale entry caused does not come back when the instruction is tried again.
 */
export function invalidateAfterFault(caches: TranslationCaches, page: number, pcid: number): number {
  return caches.retain(
    (entry) => !(isOfPage(entry, page) && (entry.global || entry.pcid === pcid)),
    (entry) => entry.pcid !== pcid || !covers(entry, page),
  );
}

/** Serves the page, or is a fragment of the same large page. */
function isOfPage(entry: TlbEntry, page: number): boolean {
  if (serves(entry, page)) return true;
  const size = pagesSpanned(entry.level);
  return Math.floor(entry.page / size) === Math.floor(page / size);
}

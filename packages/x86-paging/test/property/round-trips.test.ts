/** Round trips and laws over random words: what must hold whatever the bits are. */

import fc from "fast-check";
import { expect, test } from "vitest";
import {
  archSwpEntry,
  archSwpOffset,
  archSwpType,
  describeEntry,
  entryFromBigInt,
  entryFromHex,
  entryToBigInt,
  entryToHex,
  explainEntry,
  indexAt,
  LAYOUTS,
  mkPte,
  PAGE_NONE,
  PAGE_READONLY,
  PAGE_SHARED,
  pgprot4kToLarge,
  pgprotLargeTo4k,
  pmdModify,
  pmdPfn,
  pteDirty,
  pteMkclean,
  pteMkdirty,
  pteMkuffdWp,
  pteMkwrite,
  pteModify,
  ptePfn,
  pteUffdWp,
  pteWrite,
  pteWrprotect,
  sameEntry,
  swpEntry,
  swpEntryToPte,
  pteToSwpEntry,
  virtualPage,
  withBits,
  FLAG,
  bits,
  withoutBits,
  type Entry,
  type EntryLayout,
} from "../../src/index.ts";

// A fixed random seed: the same words on every run.
fc.configureGlobal({ seed: 20_240_611, numRuns: 500 });

const words = fc.bigInt({ min: 0n, max: (1n << 64n) - 1n });
const entries = words.map(entryFromBigInt);
const pfns = fc.integer({ min: 0, max: 2 ** 40 - 1 });
const layouts = fc.constantFrom(...LAYOUTS);
const prots = fc.constantFrom(PAGE_NONE, PAGE_READONLY, PAGE_SHARED);
const check = <T extends unknown[]>(property: fc.IPropertyWithHooks<T>): void => fc.assert(property);

test("bigint, halves and text are the same word", () => {
  check(fc.property(words, (word) => entryToBigInt(entryFromBigInt(word)) === word));
  check(fc.property(entries, (entry) => sameEntry(entryFromHex(entryToHex(entry)), entry)));
  check(fc.property(words, (word) => BigInt(entryToHex(entryFromBigInt(word))) === word));
});

test("a frame survives every way through protections", () => {
  check(
    fc.property(pfns, prots, prots, prots, layouts, (pfn, a, b, c, layout) => {
      let pte = mkPte(pfn, a);
      expect(ptePfn(pte)).toBe(pfn);
      for (const prot of [b, c, a]) pte = pteModify(pte, prot, layout);
      expect(ptePfn(pte)).toBe(pfn);
    }),
  );
});

test("a huge page's frame survives as well", () => {
  check(
    fc.property(pfns, prots, layouts, (pfn, prot, layout) => {
      const start: Entry = withBits(mkPte(pfn - (pfn % 512), PAGE_SHARED), FLAG.PSE);
      const hidden = pmdModify(start, PAGE_NONE, layout);
      expect(pmdPfn(hidden)).toBe(pfn - (pfn % 512));
      expect(pmdPfn(pmdModify(hidden, prot, layout))).toBe(pfn - (pfn % 512));
    }),
  );
});

test("changing to a protection and back is the identity, whatever the software bits", () => {
  const present = entries.map((word) => withoutBits(withBits(word, FLAG.PRESENT), FLAG.DIRTY));
  check(
    fc.property(present, layouts, (pte, layout) => {
      const clean = withoutBits(pte, layout.savedDirty);
      const kept: Entry = { lo: clean.lo & layout.changeMask.lo, hi: clean.hi & layout.changeMask.hi };
      const own: Entry = { lo: clean.lo & ~kept.lo, hi: clean.hi & ~kept.hi };
      expect(pteModify(pteModify(clean, PAGE_NONE, layout), own, layout)).toEqual(clean);
    }),
  );
});

test("dirt is never lost and never looks like a shadow stack", () => {
  const mapped = fc.tuple(pfns, prots).map(([pfn, prot]) => mkPte(pfn, prot));
  check(
    fc.property(mapped, layouts, (pte, layout) => {
      const dirty = pteMkdirty(pte, layout);
      for (const next of [
        pteWrprotect(dirty, layout),
        pteMkwrite(pteWrprotect(dirty, layout), undefined, layout),
      ]) {
        expect(pteDirty(next, layout)).toBe(true);
        expect(looksLikeShadowStack(next, layout)).toBe(false);
      }
      expect(pteDirty(pteMkclean(dirty, layout), layout)).toBe(false);
    }),
  );
});

function looksLikeShadowStack(pte: Entry, layout: EntryLayout): boolean {
  return layout.savedDirty.hi !== 0 && (pte.lo & 0x42) === 0x40;
}

test("a uffd-wp entry is read-only from 6.6 on, and keeps the mark when protected again", () => {
  check(
    fc.property(pfns, prots, layouts, (pfn, prot, layout) => {
      const marked = pteMkuffdWp(mkPte(pfn, PAGE_SHARED), layout);
      expect(pteWrite(marked, layout)).toBe(layout.release === "6.1");
      expect(pteUffdWp(pteModify(marked, prot, layout))).toBe(true);
    }),
  );
});

test("swap packing keeps type and 50 bits of offset", () => {
  const offsets = fc.bigInt({ min: 0n, max: (1n << 50n) - 1n });
  check(
    fc.property(fc.integer({ min: 0, max: 31 }), offsets, (type, offset) => {
      const packed = archSwpEntry(type, entryFromBigInt(offset));
      expect([archSwpType(packed), entryToBigInt(archSwpOffset(packed))]).toEqual([type, offset]);
      const generic = swpEntry(type, entryFromBigInt(offset));
      expect(sameEntry(pteToSwpEntry(swpEntryToPte(generic)), generic)).toBe(true);
    }),
  );
});

test("PAT moves to its large place and back", () => {
  const prot = entries.map((word) => withoutBits(word, bits(FLAG.PAT_LARGE)));
  check(fc.property(prot, (word) => sameEntry(pgprotLargeTo4k(pgprot4kToLarge(word)), word)));
});

test("an address is its indices and its offset", () => {
  check(
    fc.property(fc.bigInt({ min: 0n, max: (1n << 57n) - 1n }), (va) => {
      const levels = [5, 4, 3, 2, 1] as const;
      expect(levels.reduce((page, level) => page * 512 + indexAt(va, level), 0)).toBe(virtualPage(va));
    }),
  );
});

test("every word at every level can be described and explained", () => {
  check(
    fc.property(entries, fc.constantFrom(1, 2, 3, 4, 5), layouts, (word, level, layout) => {
      const { summary, fields } = explainEntry(word, level, layout);
      expect(summary).toBe(describeEntry(word, level, layout));
      expect(summary).not.toContain("undefined");
      expect(fields.length === 0).toBe(summary === "none" || summary.startsWith("malformed"));
    }),
  );
});

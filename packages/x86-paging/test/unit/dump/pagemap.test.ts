/** Pagemap words the recorded machines do not show: no page was caught migrating there. */

import { expect, test } from "vitest";
import {
  LINUX_6_1,
  LINUX_6_12,
  makeMigrationEntryDirty,
  makeMigrationEntryYoung,
  makeWritableMigrationEntry,
  mkHugePmd,
  mkSwapPte,
  mkTable,
  mkUffdWpMarker,
  NONE_ENTRY,
  PAGE_SHARED,
  PAGEMAP_PRESENT,
  PAGEMAP_SOFT_DIRTY,
  PAGEMAP_SWAPPED,
  PAGEMAP_UFFD_WP,
  pagemapOf,
  pagesOf,
  pmdModify,
  pmdMkinvalid,
  PAGE_NONE,
  pteMksoftDirty,
  SWP_SOFT_DIRTY,
  swpEntryToPte,
} from "../../../src/index.ts";

test("a migrating page shows its frame without the young and dirty bits above it", () => {
  const moving = makeMigrationEntryDirty(
    makeMigrationEntryYoung(makeWritableMigrationEntry({ lo: 0x1234, hi: 0 })),
  );
  const type = BigInt(LINUX_6_12.swapTypes.migrationWrite);
  expect(pagemapOf(swpEntryToPte(moving), 1, 0)).toBe(PAGEMAP_SWAPPED | type | (0x1234n << 5n));
  // As a huge page, each 4 KiB page shows its own frame.
  expect(pagemapOf(swpEntryToPte(moving), 2, 3)).toBe(PAGEMAP_SWAPPED | type | (0x1237n << 5n));
});

test("swap keeps all of its offset, and its soft-dirty flag", () => {
  const word = pagemapOf(mkSwapPte(2, 2 ** 49 + 1, SWP_SOFT_DIRTY), 1, 0);
  expect(word).toBe(PAGEMAP_SWAPPED | PAGEMAP_SOFT_DIRTY | 2n | (((1n << 49n) + 1n) << 5n));
});

test("a marker is a uffd-wp protection only in the release that made it", () => {
  const marker = mkUffdWpMarker(LINUX_6_1);
  expect(pagemapOf(marker, 1, 0, LINUX_6_1) & PAGEMAP_UFFD_WP).toBe(PAGEMAP_UFFD_WP);
  expect(pagemapOf(marker, 1, 0, LINUX_6_12) & PAGEMAP_UFFD_WP).toBe(0n);
});

test("hidden huge pages are present, each page with its own frame", () => {
  const huge = pteMksoftDirty(mkHugePmd(0x200, PAGE_SHARED));
  const expected = PAGEMAP_PRESENT | PAGEMAP_SOFT_DIRTY | 0x3ffn;
  for (const pmd of [huge, pmdModify(huge, PAGE_NONE), pmdMkinvalid(huge)]) {
    expect(pagemapOf(pmd, 2, 511)).toBe(expected);
  }
});

test("empty entries and table pointers have no word", () => {
  expect([pagemapOf(NONE_ENTRY, 1, 0), pagemapOf(mkTable(1), 2, 0)]).toEqual([0n, 0n]);
  expect([pagesOf(1), pagesOf(2), pagesOf(3)]).toEqual([1, 512, 262_144]);
});

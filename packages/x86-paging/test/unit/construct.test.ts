/** Constructors: the bits they set, the inversion of hidden frames, what they refuse. */

import { expect, test } from "vitest";
import {
  ACCESSED,
  DIRTY,
  entryToHex,
  FLAG,
  mkHugePmd,
  mkHugePud,
  mkPte,
  mkTable,
  KERNEL_TABLE,
  NONE_ENTRY,
  PAGE_NONE,
  PAGE_SHARED_EXEC,
  pfnOf,
  pfnPte,
  pmdBad,
  pmdLeaf,
  pmdPresent,
  pteNone,
  ptePresent,
  RW,
  USER,
} from "../../src/index.ts";
import { caught } from "../caught.ts";
import { largePage, page } from "../entries.ts";

test("entries made by hand have the bits one expects", () => {
  expect(entryToHex(page(0x34, RW | USER | ACCESSED | DIRTY))).toBe("0x0000000000034067");
  expect(entryToHex(largePage(0x200, USER))).toBe("0x0000000000200085");
  expect(entryToHex(mkPte(0x34, PAGE_SHARED_EXEC))).toBe("0x0000000000034027");
  expect(entryToHex(mkTable(0x12))).toBe("0x0000000000012067");
  expect(entryToHex(mkTable(0x12, KERNEL_TABLE))).toBe("0x0000000000012063");
  expect(entryToHex(mkHugePmd(0x3ff, FLAG.PRESENT))).toBe("0x0000000000200081"); // Rounded down.
  expect(entryToHex(mkHugePud(0x40000, FLAG.PRESENT))).toBe("0x0000000040000081");
});

test("a protection without Present stores the frame inverted, and pfnOf turns it back", () => {
  const hidden = pfnPte(0x34, PAGE_NONE);
  expect(entryToHex(hidden)).toBe("0x000ffffffffcb120");
  expect(pfnOf(hidden)).toBe(0x34);
  expect(ptePresent(hidden)).toBe(true);
});

test("pfnOf leaves out PAT of large pages when told the level", () => {
  const large = { lo: 0x4020_10e7, hi: 0 };
  expect(pfnOf(large, 2)).toBe(0x40200);
  expect(pfnOf(large)).toBe(0x40201);
  expect(pfnOf(mkTable(0x12), 2)).toBe(0x12);
});

test("a table pointer is not bad, a page is", () => {
  expect(pmdBad(mkTable(0x12))).toBe(false);
  expect(pmdBad(largePage(0x200, RW | USER))).toBe(true);
  expect(pmdLeaf(largePage(0x200, RW))).toBe(true);
  expect(pmdPresent(mkTable(0x12))).toBe(true);
  expect(pteNone(NONE_ENTRY)).toBe(true);
});

test.each([-1, 2 ** 40, 0.5, Number.NaN, Infinity])("%d is no frame number", (pfn) => {
  for (const make of [mkPte, (frame: number) => pfnPte(frame, FLAG.PRESENT), mkTable, mkHugePmd]) {
    const error = caught(() => make(pfn, FLAG.PRESENT));
    expect(error.code).toBe("pfn-out-of-range");
    expect(error.value).toBe(String(pfn));
  }
});

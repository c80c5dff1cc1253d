/** Constructors: the bits they set, the inversion of hidden frames, what they refuse. */

import { expect, test } from "vitest";
import {
  ACCESSED,
  DIRTY,
  entryToHex,
  FLAG,
  frameOf,
  makeLargePage,
  makePage,
  makeTable,
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

test("entries made by hand have the bits one expects", () => {
  expect(entryToHex(makePage(0x34, RW | USER | ACCESSED | DIRTY))).toBe("0x0000000000034067");
  expect(entryToHex(makeTable(0x12))).toBe("0x0000000000012067");
  expect(entryToHex(makeLargePage(0x200, USER))).toBe("0x0000000000200085");
  expect(entryToHex(mkPte(0x34, PAGE_SHARED_EXEC))).toBe("0x0000000000034027");
  expect(entryToHex(mkTable(0x12))).toBe(entryToHex(makeTable(0x12)));
  expect(entryToHex(mkTable(0x12, KERNEL_TABLE))).toBe("0x0000000000012063");
  expect(entryToHex(mkHugePmd(0x3ff, FLAG.PRESENT))).toBe("0x0000000000200081"); // Rounded down.
  expect(entryToHex(mkHugePud(0x40000, FLAG.PRESENT))).toBe("0x0000000040000081");
});

test("a protection without Present stores the frame inverted, and pfnOf turns it back", () => {
  const hidden = pfnPte(0x34, PAGE_NONE);
  expect(entryToHex(hidden)).toBe("0x000ffffffffcb120");
  expect(pfnOf(hidden)).toBe(0x34);
  expect(frameOf(hidden)).toBe(2 ** 40 - 1 - 0x34); // The raw field.
  expect(ptePresent(hidden)).toBe(true);
});

test("pfnOf leaves out PAT of large pages when told the level", () => {
  const large = { lo: 0x4020_10e7, hi: 0 };
  expect(pfnOf(large, 2)).toBe(0x40200);
  expect(pfnOf(large)).toBe(0x40201);
  expect(pfnOf(makeTable(0x12), 2)).toBe(0x12);
});

test("a table pointer is not bad, a page is", () => {
  expect(pmdBad(makeTable(0x12))).toBe(false);
  expect(pmdBad(makeLargePage(0x200, RW | USER))).toBe(true);
  expect(pmdLeaf(makeLargePage(0x200, RW))).toBe(true);
  expect(pmdPresent(makeTable(0x12))).toBe(true);
  expect(pteNone(NONE_ENTRY)).toBe(true);
});

test.each([-1, 2 ** 40, 0.5, Number.NaN, Infinity])("%d is no frame number", (pfn) => {
  for (const make of [makePage, (frame: number) => pfnPte(frame, FLAG.PRESENT), mkTable, makeLargePage]) {
    const error = caught(() => make(pfn, 0 as never));
    expect(error.code).toBe("pfn-out-of-range");
    expect(error.value).toBe(String(pfn));
  }
});

test("a 2 MiB page must be aligned", () => {
  expect(caught(() => makeLargePage(0x201, 0)).message).toContain("multiple of 512");
});

/** Indices, canonical form and ends of ranges. */

import { expect, test } from "vitest";
import {
  indexAt,
  isCanonicalAddress,
  p4dIndex,
  pgdIndex,
  pmdAddrEnd,
  pmdIndex,
  pteIndex,
  pudIndex,
  requireCanonical,
  taskSizeMax,
} from "../../src/index.ts";
import { caught } from "../caught.ts";

test("an address is cut into nine-bit indices, from the root down", () => {
  // 1, 2, 3, 4, 5 at the five levels and 0xabc in the page.
  const va = (1n << 48n) | (2n << 39n) | (3n << 30n) | (4n << 21n) | (5n << 12n) | 0xabcn;
  expect([pgdIndex(va, 5), p4dIndex(va, 5), pudIndex(va), pmdIndex(va), pteIndex(va)]).toEqual([
    1, 2, 3, 4, 5,
  ]);
  expect([pgdIndex(va, 4), p4dIndex(va, 4)]).toEqual([2, 0]); // p4d is folded.
  expect(([5, 4, 3, 2, 1] as const).map((level) => indexAt(va, level))).toEqual([1, 2, 3, 4, 5]);
});

test("canonical means that the unused upper bits repeat the highest used one", () => {
  expect(requireCanonical(0x7fff_ffff_ffffn, 4)).toBe(0x7fff_ffff_ffffn);
  expect(requireCanonical(0xffff_8000_0000_0000n, 4)).toBe(0xffff_8000_0000_0000n);
  expect(isCanonicalAddress(0x8000_0000_0000n, 48)).toBe(false);
  expect(isCanonicalAddress(0x8000_0000_0000n, 57)).toBe(true);
});

test.each([
  [0x8000_0000_0000n, 4, "0x800000000000"],
  [0x100_0000_0000_0000n, 5, "0x100000000000000"],
  [1n << 64n, 4, "0x10000000000000000"],
  [-1n, 4, "-0x1"],
] as const)("%d with %d levels is refused by name", (va, levels, text) => {
  const error = caught(() => requireCanonical(va, levels));
  expect(error.code).toBe("non-canonical-address");
  expect(error.value).toBe(text);
});

test("a range ends at the next entry, or earlier, or at the top of the address space", () => {
  expect(pmdAddrEnd(0x1000n, 0x100_0000n)).toBe(0x20_0000n);
  expect(pmdAddrEnd(0x1000n, 0x3000n)).toBe(0x3000n);
  expect(pmdAddrEnd(0xffff_ffff_ffe0_0000n, 0n)).toBe(0n);
});

test("user space is half the address space less a guard page", () => {
  expect([taskSizeMax(4), taskSizeMax(5)]).toEqual([0x7fff_ffff_f000n, 0xff_ffff_ffff_f000n]);
});

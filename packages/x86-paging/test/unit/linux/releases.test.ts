/** What the two vector files cannot show: releases between and after them, and machines the vectors were not made on. */

import { expect, test } from "vitest";
import {
  entryFromHex,
  entryToHex,
  KERNEL_TABLE,
  LAYOUTS,
  LINUX_6_12,
  LINUX_6_15,
  LINUX_6_17,
  LINUX_6_6,
  makePteMarker,
  mkPte,
  mkTable,
  onMachine,
  p4dBad,
  PAGE_READONLY_EXEC,
  PAGE_SHARED_EXEC,
  pgdBad,
  pmdTransHuge,
  pteDevmap,
  pteMarkerGet,
  pteMkdevmap,
  pteModify,
  pteNoneMostly,
  pteWrprotect,
  pudLeaf,
  swapKind,
} from "../../../src/index.ts";

const BIT_57 = entryFromHex("0x0200000000034027");

test("bit 57 marks a device's page up to 6.16, and is lost in a change of protection afterwards", () => {
  expect(LAYOUTS.map((layout) => [layout.release, pteDevmap(BIT_57, layout)])).toEqual([
    ["6.1", false],
    ["6.6", true],
    ["6.12", true],
    ["6.13", true],
    ["6.15", true],
    ["6.17", false],
  ]);
  const changed = (layout: typeof LINUX_6_17): string =>
    entryToHex(pteModify(BIT_57, PAGE_READONLY_EXEC, layout));
  expect(changed(LINUX_6_15)).toBe("0x0200000000034025");
  expect(changed(LINUX_6_17)).toBe("0x0000000000034025");
  expect(entryToHex(pteMkdevmap(mkPte(0x34, PAGE_SHARED_EXEC), LINUX_6_17))).toBe("0x0000000000034227");
  expect(
    [LINUX_6_15, LINUX_6_17].map((layout) => pmdTransHuge(entryFromHex("0x02000000000000e7"), layout)),
  ).toEqual([false, true]);
});

test("6.6 already saves Dirty, and its pud_large still asks for Present", () => {
  const dirty = entryFromHex("0x34067");
  expect(entryToHex(pteWrprotect(dirty, LINUX_6_6))).toBe("0x0400000000034025");
  expect([LINUX_6_6, LINUX_6_12].map((layout) => pudLeaf(entryFromHex("0x80"), layout))).toEqual([
    false,
    true,
  ]);
});

test("6.15 has one exclusive device type, so types below it move up by one", () => {
  expect(Array.from({ length: 8 }, (_, i) => swapKind(24 + i, LINUX_6_15))).toEqual([
    "hwpoison",
    "migration read",
    "migration read-exclusive",
    "migration write",
    "device write",
    "device read",
    "device-exclusive",
    "pte marker",
  ]);
});

test("a release reads only the marker bits it knows; any marker leaves the slot none-mostly", () => {
  const all = makePteMarker(7);
  expect(LAYOUTS.slice(1).map((layout) => pteMarkerGet(all, layout))).toEqual([3, 3, 7, 7, 7]);
  for (const layout of LAYOUTS.slice(1)) expect(pteNoneMostly(all, layout)).toBe(true);
});

test("with page-table isolation NX in an upper entry is no mistake; without, it is", () => {
  const isolated = onMachine(LINUX_6_12, { pageTableIsolation: true });
  const poisoned = { ...mkTable(0x12), hi: 1 << 31 };
  expect([LINUX_6_12, isolated].map((layout) => pgdBad(poisoned, 5, layout))).toEqual([true, false]);
  expect([LINUX_6_12, isolated].map((layout) => p4dBad(poisoned, layout))).toEqual([true, false]);
  expect(pgdBad(poisoned, 4)).toBe(false); // Folded: never bad.
  expect(pgdBad(mkTable(0x12, KERNEL_TABLE), 5)).toBe(false);
});

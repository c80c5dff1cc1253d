/** Absent entries: packing, kinds, markers and migration. The header vectors cover each helper alone. */

import { expect, test } from "vitest";
import {
  entryToHex,
  entryToBigInt,
  isGuardMarker,
  isMigrationEntryDirty,
  isMigrationEntryYoung,
  isPmdMigrationEntry,
  isPoisonMarker,
  isPteMarker,
  isSwapPmd,
  isSwapPte,
  isUffdWpMarker,
  LINUX_6_1,
  LINUX_6_12,
  LINUX_6_13,
  makeMigrationEntryDirty,
  makeMigrationEntryYoung,
  makeWritableMigrationEntry,
  mkGuardMarker,
  mkHugePmd,
  mkPoisonMarker,
  mkSwapPte,
  mkUffdWpMarker,
  onMachine,
  PAGE_SHARED,
  pmdMkinvalid,
  pmdPresent,
  pteNoneMostly,
  pteSwpUffdWpAny,
  SWP_UFFD_WP,
  swapKind,
  swapSlotOf,
  swpEntryToPmd,
  swpOffsetPfn,
} from "../../../src/index.ts";
import { caught } from "../../caught.ts";

test("check values that were worked out from the layout by hand", () => {
  expect(entryToHex(mkSwapPte(0, 0x1234))).toBe("0x07ffffffffdb9600");
  expect(entryToHex(mkUffdWpMarker())).toBe("0xfffffffffffffc00");
  expect(entryToHex(mkPoisonMarker())).toBe("0xfffffffffffffa00");
  expect(entryToHex(mkGuardMarker())).toBe("0xfffffffffffff600");
  expect(entryToHex(mkUffdWpMarker(LINUX_6_1))).toBe("0xf7fffffffffffc00");
});

test("a marker is what it was made as, and swap but not none", () => {
  const tests = [isUffdWpMarker, isPoisonMarker, isGuardMarker];
  for (const [i, marker] of [mkUffdWpMarker(), mkPoisonMarker(), mkGuardMarker()].entries()) {
    expect(tests.map((is) => is(marker, LINUX_6_13))).toEqual([0, 1, 2].map((j) => i === j));
    expect([isPteMarker(marker), isSwapPte(marker), pteNoneMostly(marker)]).toEqual([true, true, true]);
  }
  expect(pteSwpUffdWpAny(mkUffdWpMarker())).toBe(true);
  expect(pteSwpUffdWpAny(mkPoisonMarker())).toBe(false);
  expect(pteSwpUffdWpAny(mkSwapPte(1, 2, SWP_UFFD_WP))).toBe(true);
});

test("type and offset come out as they went in, up to their last bit", () => {
  for (const type of [0, 22, 31]) {
    for (const offset of [0, 1, 2 ** 32 - 1, 2 ** 32, 2 ** 50 - 1]) {
      expect(swapSlotOf(mkSwapPte(type, offset, SWP_UFFD_WP))).toEqual({ type, offset });
    }
  }
});

test.each([
  [32, 0],
  [-1, 0],
  [1.5, 0],
  [0, 2 ** 50],
  [0, -1],
  [0, 0.5],
])("type %d offset %d is refused", (type, offset) => {
  expect(caught(() => mkSwapPte(type, offset)).code).toBe("bad-argument");
});

test("a migrating huge page is a swap pmd; one that is being split is not", () => {
  const frame = { lo: 0x200, hi: 0 };
  const migrating = swpEntryToPmd(makeWritableMigrationEntry(frame));
  expect([isPmdMigrationEntry(migrating), isSwapPmd(migrating), pmdPresent(migrating)]).toEqual([
    true,
    true,
    false,
  ]);
  const splitting = pmdMkinvalid(mkHugePmd(0x200, PAGE_SHARED));
  expect([isPmdMigrationEntry(splitting), isSwapPmd(splitting), pmdPresent(splitting)]).toEqual([
    false,
    false,
    true,
  ]);
});

test.each([
  [LINUX_6_12, 34],
  [onMachine(LINUX_6_12, { levels: 5 }), 40],
] as const)("young and dirty sit above the frame: layout $release, bit %d", (layout, bits) => {
  const plain = makeWritableMigrationEntry({ lo: 0x1234, hi: 0 }, layout);
  const young = makeMigrationEntryYoung(plain, layout);
  const both = makeMigrationEntryDirty(young, layout);
  expect(entryToBigInt(both) ^ entryToBigInt(plain)).toBe(3n << BigInt(bits));
  expect([plain, young, both].map((swp) => isMigrationEntryYoung(swp, layout))).toEqual([false, true, true]);
  expect([plain, young, both].map((swp) => isMigrationEntryDirty(swp, layout))).toEqual([false, false, true]);
  expect(swpOffsetPfn(both, layout)).toBe(0x1234);
});

test("every type number has one meaning in each release", () => {
  const kinds = Array.from({ length: 32 }, (_, type) => [
    swapKind(type, LINUX_6_1),
    swapKind(type, LINUX_6_12),
  ]);
  expect(kinds.slice(0, 22).every(([a, b]) => a === "swap" && b === "swap")).toBe(true);
  expect(kinds.slice(22)).toEqual([
    ["hwpoison", "swap"],
    ["migration read", "hwpoison"],
    ["migration read-exclusive", "migration read"],
    ["migration write", "migration read-exclusive"],
    ["device write", "migration write"],
    ["device read", "device write"],
    ["device-exclusive write", "device read"],
    ["device-exclusive read", "device-exclusive write"],
    ["pte marker", "device-exclusive read"],
    ["swapin error", "pte marker"],
  ]);
});

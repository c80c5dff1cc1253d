/** Layouts against the constants of the real headers, and how a release finds its layout. */

import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import {
  entryToBigInt,
  FLAG,
  KERNEL_TABLE,
  KNL_ERRATUM_MASK,
  layoutOf,
  LAYOUTS,
  LINUX_6_1,
  LINUX_6_12,
  LINUX_6_13,
  onMachine,
  PAGE_COPY,
  PAGE_COPY_EXEC,
  PAGE_NONE,
  PAGE_READONLY,
  PAGE_READONLY_EXEC,
  PAGE_SHARED,
  PAGE_SHARED_EXEC,
  PAGE_SIZE,
  PKEY_MASK,
  PMD_PAGE_MASK,
  PMD_SIZE,
  PTE_FLAGS_MASK,
  PTE_PFN_MASK,
  PUD_PAGE_MASK,
  PUD_SIZE,
  SWP_EXCLUSIVE,
  SWP_SOFT_DIRTY,
  SWP_UFFD_WP,
  swapPfnBits,
  USER_TABLE,
  VM_EXEC,
  VM_PKEY_SHIFT,
  VM_READ,
  VM_SHADOW_STACK,
  VM_SHARED,
  VM_WRITE,
  withBits,
  type EntryLayout,
  type Word,
} from "../../src/index.ts";
import { caught } from "../caught.ts";

type Constants = Readonly<Record<string, { readonly "6.1": string | null; readonly "6.12": string | null }>>;
const constants = JSON.parse(
  readFileSync(new URL("../fixtures/headers/constants.json", import.meta.url), "utf8"),
) as Constants;

/** Ours under the kernel's name; undefined where the release has no such thing. */
function ours(layout: EntryLayout): Readonly<Record<string, Word | number | undefined>> {
  const { swapTypes: types, markers } = layout;
  const orNone = (mask: Word): Word | undefined => ((mask.lo | mask.hi) === 0 ? undefined : mask);
  return {
    _PAGE_SAVED_DIRTY: orNone(layout.savedDirty),
    _PAGE_DIRTY_BITS: orNone(layout.savedDirty) && withBits(FLAG.DIRTY, layout.savedDirty),
    _PAGE_SWP_SOFT_DIRTY: SWP_SOFT_DIRTY,
    _PAGE_SWP_UFFD_WP: SWP_UFFD_WP,
    _PAGE_SWP_EXCLUSIVE: SWP_EXCLUSIVE,
    _PAGE_PKEY_MASK: PKEY_MASK,
    _PAGE_KNL_ERRATUM_MASK: KNL_ERRATUM_MASK,
    _PAGE_CHG_MASK: layout.changeMask,
    _HPAGE_CHG_MASK: layout.changeMask,
    _KERNPG_TABLE: KERNEL_TABLE,
    _PAGE_TABLE: USER_TABLE,
    PTE_PFN_MASK,
    PTE_FLAGS_MASK,
    PHYSICAL_PMD_PAGE_MASK: PMD_PAGE_MASK,
    PHYSICAL_PUD_PAGE_MASK: PUD_PAGE_MASK,
    PAGE_NONE,
    PAGE_SHARED,
    PAGE_SHARED_EXEC,
    PAGE_COPY,
    PAGE_COPY_EXEC,
    PAGE_READONLY,
    PAGE_READONLY_EXEC,
    PAGE_SIZE,
    PMD_SIZE,
    PUD_SIZE,
    MAX_SWAPFILES: types.swapFiles,
    SWP_HWPOISON: types.hwpoison,
    SWP_MIGRATION_READ: types.migrationRead,
    SWP_MIGRATION_READ_EXCLUSIVE: types.migrationReadExclusive,
    SWP_MIGRATION_WRITE: types.migrationWrite,
    SWP_DEVICE_WRITE: types.deviceWrite,
    SWP_DEVICE_READ: types.deviceRead,
    SWP_DEVICE_EXCLUSIVE_WRITE: types.deviceExclusiveWrite,
    SWP_DEVICE_EXCLUSIVE_READ: types.deviceExclusiveRead,
    SWP_PTE_MARKER: types.pteMarker,
    PTE_MARKER_UFFD_WP: markers.uffdWp,
    PTE_MARKER_POISONED: markers.poison || undefined,
    PTE_MARKER_MASK: markers.uffdWp | markers.poison | markers.guard,
    SWP_PFN_BITS: swapPfnBits(onMachine(layout, { levels: 5 })), // The constants were printed with five levels.
    VM_READ,
    VM_WRITE,
    VM_EXEC,
    VM_SHARED,
    VM_PKEY_SHIFT,
    VM_SHADOW_STACK: layout === LINUX_6_1 ? undefined : VM_SHADOW_STACK,
  };
}

for (const [release, layout] of [
  ["6.1", LINUX_6_1],
  ["6.12", LINUX_6_12],
] as const) {
  test(`constants of ${release} are those of its headers`, () => {
    const checked = Object.entries(ours(layout));
    for (const [name, value] of checked) {
      const theirs = constants[name]![release];
      const text =
        value === undefined
          ? null
          : `0x${(typeof value === "number" ? value : entryToBigInt(value)).toString(16)}`;
      expect([name, text]).toEqual([name, theirs]);
    }
    expect(checked.length).toBe(45);
  });

  test(`every _PAGE_BIT_* of ${release} that never moves is in the table`, () => {
    const renamed: Readonly<Record<string, string>> = {
      PKEY_BIT0: "PKEY0",
      PKEY_BIT1: "PKEY1",
      PKEY_BIT2: "PKEY2",
      PKEY_BIT3: "PKEY3",
    };
    const moved = ["SOFTW4", "SOFTW5", "DEVMAP", "SAVED_DIRTY", "NOPTISHADOW"];
    let compared = 0;
    for (const [name, values] of Object.entries(constants)) {
      const bit = name.startsWith("_PAGE_BIT_") ? name.slice("_PAGE_BIT_".length) : undefined;
      if (bit === undefined || moved.includes(bit)) continue;
      const mask = FLAG[(renamed[bit] ?? bit) as keyof typeof FLAG];
      expect([bit, entryToBigInt(mask)]).toEqual([bit, 1n << BigInt(values[release]!)]);
      compared++;
    }
    expect(compared).toBe(24);
    const at = (mask: Word): string => `0x${(entryToBigInt(mask).toString(2).length - 1).toString(16)}`;
    expect(at(layout.devmap)).toBe(constants["_PAGE_BIT_DEVMAP"]![release]);
  });
}

test("a release takes the newest layout that is not younger", () => {
  expect(layoutOf("6.1.0-56-amd64")).toBe(LINUX_6_1);
  expect(layoutOf("6.5").release).toBe("6.1");
  expect(layoutOf("6.12.117")).toBe(LINUX_6_12);
  expect(layoutOf("v6.14")).toBe(LINUX_6_13);
  expect(layoutOf("7.0").release).toBe("6.17");
  for (const layout of LAYOUTS) expect(layoutOf(layout.release)).toBe(layout);
});

test.each(["5.15", "six", "", "6"])("%j has no layout", (release) => {
  const error = caught(() => layoutOf(release));
  expect(error.code).toBe("bad-argument");
  expect(error.value).toBe(JSON.stringify(release));
});

test("in every layout the special types follow the swap files without a gap and end at 31", () => {
  for (const { release, swapTypes } of LAYOUTS) {
    const { swapFiles, ...special } = swapTypes;
    const numbers = Object.values(special).filter((type) => type !== undefined);
    expect([release, numbers]).toEqual([
      release,
      Array.from({ length: 32 - swapFiles }, (_, i) => swapFiles + i),
    ]);
  }
});

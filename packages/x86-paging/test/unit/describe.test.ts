/** One-line descriptions, per level, form and release. */

import { expect, test } from "vitest";
import {
  describeEntry,
  entryFromHex,
  LINUX_6_1,
  LINUX_6_12,
  LINUX_6_13,
  LINUX_6_17,
  mkGuardMarker,
  mkHugePmd,
  mkPte,
  mkSwapPte,
  mkTable,
  mkUffdWpMarker,
  onMachine,
  PAGE_NONE,
  PAGE_SHARED,
  pmdMkinvalid,
  SWP_EXCLUSIVE,
  type EntryLayout,
  type Level,
} from "../../src/index.ts";

test.each([
  ["0x0", 1, "none"],
  ["0x60", 1, "none"],
  ["0x12067", 2, "table pfn 0x12 P|RW|US|A|D"],
  ["0x34067", 1, "4K page pfn 0x34 P|RW|US|A|D"],
  ["0x8000000000034025", 1, "4K page pfn 0x34 P|US|A|NX"],
  ["0x80000000402000e7", 2, "2M page pfn 0x40200 P|RW|US|A|D|NX"],
  ["0x402010e7", 2, "2M page pfn 0x40200 P|RW|US|A|D|PAT"],
  ["0x400000e7", 3, "1G page pfn 0x40000 P|RW|US|A|D"],
  ["0x343e7", 1, "4K page pfn 0x34 P|RW|US|A|D|PAT|G|special"],
  ["0x000ffffffffcb120", 1, "4K page pfn 0x34 PROT_NONE|A"],
  ["0xfffffffffffffc00", 1, "uffd-wp marker"],
  ["0xfffffffffffffa00", 1, "poison marker"],
  ["0xfffffffffffff400", 1, "uffd-wp marker"], // Bit 2 means nothing to 6.12.
  ["0x100", 4, "malformed 0x0000000000000100"],
  ["0x2", 3, "malformed 0x0000000000000002"],
] as const)("%s at level %d is %j", (hex, level, text) => {
  expect(describeEntry(entryFromHex(hex), level as Level)).toBe(text);
});

test.each([
  [LINUX_6_1, "0xf7fffffffffffc00", "uffd-wp marker"],
  [LINUX_6_1, "0x0400000000034025", "4K page pfn 0x34 P|US|A|devmap"],
  [LINUX_6_12, "0x0400000000034025", "4K page pfn 0x34 P|US|A|saved-dirty"],
  [LINUX_6_12, "0x0200000000034025", "4K page pfn 0x34 P|US|A|devmap"],
  [LINUX_6_17, "0x0200000000034025", "4K page pfn 0x34 P|US|A"],
  [LINUX_6_13, "0xfffffffffffff600", "guard marker"],
  [LINUX_6_1, "0xffffffffffffec00", "swapin error type 31 offset 0x9"],
] as readonly (readonly [EntryLayout, string, string])[])(
  "$0.release reads $1 as $2",
  (layout, hex, text) => {
    expect(describeEntry(entryFromHex(hex), 1, layout)).toBe(text);
  },
);

test("absent entries name what they hold", () => {
  expect(describeEntry(mkSwapPte(3, 0x1234, SWP_EXCLUSIVE), 1)).toBe("swap type 3 offset 0x1234 exclusive");
  const moved = LINUX_6_12.swapTypes.migrationWrite;
  expect(describeEntry(mkSwapPte(moved, 0x34), "pte")).toBe("migration write pfn 0x34");
  expect(describeEntry(mkSwapPte(moved, 2 ** 34 + 0x34), "pmd")).toBe("migration write pfn 0x34 A");
  const five = onMachine(LINUX_6_12, { levels: 5 });
  expect(describeEntry(mkSwapPte(moved, 2 ** 41 + 0x34), "pmd", five)).toBe("migration write pfn 0x34 D");
  expect(describeEntry(mkSwapPte(LINUX_6_12.swapTypes.hwpoison, 0x77), 1)).toBe("hwpoison pfn 0x77");
  expect(describeEntry(mkSwapPte(LINUX_6_12.swapTypes.deviceRead, 0x77), 1)).toBe("device read pfn 0x77");
});

test("what constructors make is what descriptions say", () => {
  expect(describeEntry(mkTable(0x12), "pmd")).toBe("table pfn 0x12 P|RW|US|A|D");
  expect(describeEntry(mkPte(0x34, PAGE_SHARED), "pte")).toBe("4K page pfn 0x34 P|RW|US|A|NX");
  expect(describeEntry(mkPte(0x34, PAGE_NONE), "pte")).toBe("4K page pfn 0x34 PROT_NONE|A");
  expect(describeEntry(mkUffdWpMarker(), "pte")).toBe("uffd-wp marker");
  expect(describeEntry(mkGuardMarker(), "pte", LINUX_6_13)).toBe("guard marker");
  expect(describeEntry(pmdMkinvalid(mkHugePmd(0x200, PAGE_SHARED)), "pmd")).toBe(
    "2M page pfn 0x200 INVALID|RW|US|A|NX",
  );
});

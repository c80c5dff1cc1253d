/** Explanations in words: the sentences a reader of `mmrace decode` sees. */

import { expect, test } from "vitest";
import {
  entryFromHex,
  explainEntry,
  explanationText,
  LINUX_6_1,
  LINUX_6_12,
  LINUX_6_13,
  type EntryLayout,
  type LevelName,
} from "../../src/index.ts";

const explained = (hex: string, level: LevelName, layout: EntryLayout = LINUX_6_12): string =>
  explanationText(entryFromHex(hex), explainEntry(entryFromHex(hex), level, layout));

test("a marker says which fault it stands for, and that another release disagrees", () => {
  expect(explained("0xfffffffffffffc00", "pte")).toBe(
    [
      "0xfffffffffffffc00  uffd-wp marker",
      "  Read as a PTE (Linux: pte) of Linux 6.12.",
      "  Names no page. It tells a fault what to do here: the first write goes to userfaultfd.",
      "  Linux 6.1 would read it as: swapin error type 31 offset 0x1.",
      "  bits 58..9 ~offset = 0x3fffffffffffe: offset or frame, stored inverted",
      "  bits 63..59 type = 0x1f: swap file, or kind of special entry",
    ].join("\n"),
  );
  expect(explained("0xfffffffffffff600", "pte", LINUX_6_13)).toContain("what to do here: SIGSEGV");
  expect(explained("0xfffffffffffffa00", "pte")).toContain("what to do here: SIGBUS");
});

test("a PROT_NONE entry shows both the stored and the true frame", () => {
  const text = explained("0x000ffffffffcb120", "pte");
  expect(text).toContain("bits 51..12 hold 0xffffffffcb, the frame is 0x34.");
  expect(text).not.toContain("would read it as");
});

test("dirt that moved to bit 58 is dirt in 6.12 and a device's page in 6.1", () => {
  const hex = "0x0400000000034c25";
  expect(explained(hex, "pte")).toContain("It was dirty when it lost Write");
  expect(explained(hex, "pte")).toContain(
    "Linux 6.1 would read it as: 4K page pfn 0x34 P|US|A|uffd-wp|soft-dirty|devmap",
  );
  expect(explained(hex, "pte", LINUX_6_1)).not.toContain("It was dirty when it lost Write");
});

test.each([
  ["0x0", "pte", "Nothing is mapped"],
  ["0x40", "pte", "Only A or D is set"],
  ["0x12067", "pmd", "Points to a table of level 1"],
  ["0x80000000000000e5", "pmd", "A write faults"],
  ["0x34065", "pte", "shadow-stack memory"],
  ["0x800fffffc00000e6", "pmd", "caught while it is split"],
  ["0xd7fffffffff97e00", "pte", "a fault waits until the entry is replaced"],
  ["0xdffffffffff97e00", "pte", "a fault brings it back"],
  ["0xbffffffffff97e00", "pte", "raises SIGBUS"],
  ["0x07ffffffffdb9600", "pte", "in a swap file"],
  ["0x100", "pgd", "Linux makes no such entry"],
] as const)("%s (%s): %j", (hex, level, text) => {
  expect(explained(hex, level)).toContain(text);
});

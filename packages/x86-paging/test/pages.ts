/** Composes the two pages of docs/model that are made from this package's tables. */

import {
  bitRuler,
  entryToHex,
  hasAnyBit,
  bitMask,
  LEVELS,
  levelTitle,
  LINUX_6_1,
  LINUX_6_12,
  type EntryLayout,
  type Level,
  type SwapTypes,
  type Word,
} from "../src/index.ts";
import { answer, readVectors } from "./vectors.ts";

const MADE_BY =
  "<!-- Made by packages/x86-paging/test/unit/pages.test.ts; run it with -u after a change. -->";

/** docs/model/x86-entries.md */
export function entriesPage(): string {
  const levels = LEVELS.flatMap((info) => (info === undefined ? [] : [info.level])).toReversed();
  return [
    "# Entries of x86-64 page tables, bit by bit",
    "",
    MADE_BY,
    "",
    "What each bit means to the processor and to Linux 6.12. The processor's part is Intel's manual, volume 3,",
    "section 5.5; Linux's part is `arch/x86/include/asm/pgtable_types.h`. Other releases differ in a few bits:",
    "see [6.1 against 6.12](x86-entries-6.1-vs-6.12.md). `mmrace decode` reads an entry with the same table.",
    "",
    "An entry is *none* when it is zero, A and D aside. With four levels the PML4E is the root (Linux: pgd, with",
    "p4d folded into it); with five the PML5E is. Bits given by *Linux* are ignored by the processor in a",
    "present entry; *free* bits are ignored by both.",
    "",
    ...levels.flatMap((level) => [`## ${levelTitle(level)}`, "", bitRuler(level, LINUX_6_12)]),
  ]
    .join("\n")
    .trimEnd()
    .concat("\n");
}

/** docs/model/x86-entries-6.1-vs-6.12.md */
export function releasesPage(): string {
  return [
    "# x86-64 entries: Linux 6.1 against 6.12",
    "",
    MADE_BY,
    "",
    "A dump or trace must be read with the layout of the kernel that made it. These are the differences, taken",
    "from the two layouts of `@mmrace/x86-paging`; both agree with every row of the vectors that were computed",
    "by the kernels' own headers.",
    "",
    "## Bits",
    "",
    "| | 6.1 | 6.12 |",
    "| --- | --- | --- |",
    bitRow("device page (DEVMAP)", (layout) => layout.devmap),
    bitRow("saved-dirty", (layout) => layout.savedDirty),
    bitRow("no PTI shadow (root entries)", (layout) => layout.noPtiShadow),
    row("kept by `pte_modify()`", (layout) => `\`${entryToHex(layout.changeMask)}\``),
    row("marker bits", (layout) => markerNames(layout)),
    "",
    "## Types of absent entries",
    "",
    "| | 6.1 | 6.12 |",
    "| --- | --- | --- |",
    ...(Object.keys(LINUX_6_1.swapTypes) as (keyof SwapTypes)[]).map((key) =>
      row(SWAP_TYPE_TITLE[key], (layout) => layout.swapTypes[key]?.toString() ?? "-"),
    ),
    "",
    "## Behaviour",
    "",
    "- From 6.6 on, removing Write moves Dirty (bit 6) to saved-dirty (bit 58), on every processor, so that no",
    "  read-only entry looks like a shadow stack by accident; granting Write moves it back.",
    "- From 6.6 on, `pte_mkuffd_wp()` removes Write too. In 6.1 its callers did.",
    "- `pud_large()` of 6.1 asks for Present and PSE; `pud_leaf()` of 6.12 asks for PSE alone.",
    "- On processors with user shadow stacks 6.12's `pte_write()` also accepts Write = 0 with Dirty = 1.",
    "",
    "## Which helpers answer differently",
    "",
    "The operands of the 6.1 vectors, answered with both layouts; helpers whose answers never differ are left out.",
    "",
    "| helper | rows that differ | of | operand | 6.1 | 6.12 |",
    "| --- | --- | --- | --- | --- | --- |",
    ...differingHelpers(),
    "",
  ].join("\n");
}

const SWAP_TYPE_TITLE: Readonly<Record<keyof SwapTypes, string>> = {
  swapFiles: "swap files: types below",
  hwpoison: "poisoned frame",
  migrationRead: "migration, read-only",
  migrationReadExclusive: "migration, read-only, exclusive",
  migrationWrite: "migration, writable",
  deviceWrite: "device memory, writable",
  deviceRead: "device memory, read-only",
  deviceExclusiveWrite: "taken by a device, writable",
  deviceExclusiveRead: "taken by a device, read-only",
  pteMarker: "PTE marker",
  swapinError: "swap-in error",
};

function row(title: string, of: (layout: EntryLayout) => string): string {
  return `| ${title} | ${of(LINUX_6_1)} | ${of(LINUX_6_12)} |`;
}

function bitRow(title: string, of: (layout: EntryLayout) => Word): string {
  return row(title, (layout) => {
    const bits = Array.from({ length: 64 }, (_, bit) => bit).filter((bit) =>
      hasAnyBit(of(layout), bitMask(bit)),
    );
    return bits.length === 0 ? "-" : `bit ${bits.join(", ")}`;
  });
}

function markerNames({ markers }: EntryLayout): string {
  return Object.entries(markers)
    .filter(([, bit]) => bit !== 0)
    .map(([name, bit]) => `${name} ${bit}`)
    .join(", ");
}

function differingHelpers(): string[] {
  const tallies = new Map<string, { rows: number; differ: number; example: string }>();
  for (const vector of readVectors("6.1")) {
    const tally = tallies.get(vector.f) ?? { rows: 0, differ: 0, example: "" };
    tallies.set(vector.f, tally);
    tally.rows++;
    const [before, after] = [answer(vector, LINUX_6_1), answer(vector, LINUX_6_12)];
    if (before === after) continue;
    tally.differ++;
    if (tally.example === "") tally.example = `\`${vector.a.join(", ")}\` | \`${before}\` | \`${after}\``;
  }
  return [...tallies]
    .filter(([, { differ }]) => differ > 0)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([f, { rows, differ, example }]) => `| \`${f}\` | ${differ} | ${rows} | ${example} |`);
}

/** A level for the ruler tests. */
export const ALL_LEVELS: readonly Level[] = [1, 2, 3, 4, 5];

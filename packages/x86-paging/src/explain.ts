/**
 * An entry in words: what it is, bit by bit, and where other releases would read it differently.
 *
 * For people (`mmrace decode`); the one-line form for traces is in describe.ts.
 */

import { type BitField, bitFields, type EntryForm } from "./bit-use.ts";
import { describeEntry, type EntryKind, entryKind, markerText } from "./describe.ts";
import { entryToBigInt, entryToHex, type Entry } from "./entry.ts";
import { DIRTY, RW } from "./flags.ts";
import { LAYOUTS, LINUX_6_12, type EntryLayout } from "./layout.ts";
import { type Level, levelInfo, type LevelName, levelOf } from "./level.ts";
import { pfnOf } from "./linux/frame.ts";
import { pteMarkerGet } from "./linux/marker.ts";
import { swapKind } from "./linux/swap-kinds.ts";
import { swapSlotOf } from "./linux/swap.ts";

/** An entry explained. */
export interface Explanation {
  /** One line, {@link describeEntry}. */
  readonly summary: string;
  /** Whole sentences about what the entry means as a whole. */
  readonly notes: readonly string[];
  /** One line per field that is not zero. */
  readonly fields: readonly string[];
}

/** Explains an entry of a level under a release's layout. */
export function explainEntry(
  word: Entry,
  at: Level | LevelName,
  layout: EntryLayout = LINUX_6_12,
): Explanation {
  const level = levelOf(at);
  const kind = entryKind(word, level);
  const summary = describeEntry(word, level, layout);
  const notes = [
    `Read as a ${levelInfo(level).intel} (Linux: ${levelInfo(level).linux}) of Linux ${layout.release}.`,
    ...notesOf(word, level, kind, layout),
    ...otherReadings(word, level, summary, layout),
  ];
  return { summary, notes, fields: fieldLines(word, level, kind, layout) };
}

/** The explanation as text: hexadecimal value and summary, then notes, then fields, each on its own line. */
export function explanationText(word: Entry, explanation: Explanation): string {
  const { summary, notes, fields } = explanation;
  return [`${entryToHex(word)}  ${summary}`, ...notes, ...fields].join("\n  ");
}

function notesOf(word: Entry, level: Level, kind: EntryKind, layout: EntryLayout): string[] {
  switch (kind) {
    case "none":
      return (word.lo | word.hi) === 0
        ? ["Nothing is mapped and nothing is remembered."]
        : ["Only A or D is set, which Linux ignores: some processors set them in empty entries by mistake."];
    case "table":
      return [`Points to a table of level ${level - 1}.`];
    case "page":
      return pageNotes(word, layout);
    case "prot-none":
      return [
        "The kernel has a page here and the processor must not see it: PROT_NONE, or a NUMA hint.",
        `Its frame is stored inverted against L1TF: bits 51..12 hold 0x${rawFrame(word)}, ` +
          `the frame is ${pfnText(word, level)}.`,
      ];
    case "invalid-large":
      return [
        "A huge page caught while it is split or changed: absent to the processor, present to pmd_present().",
        `Its frame is stored inverted: ${pfnText(word, level)}.`,
      ];
    case "swap":
      return swapNotes(word, layout);
    case "malformed":
      return ["Linux makes no such entry at this level."];
  }
}

function pageNotes(word: Entry, layout: EntryLayout): string[] {
  const notes: string[] = [];
  const readOnlyDirty = (word.lo & (RW | DIRTY)) === DIRTY;
  if (readOnlyDirty && layout.savedDirty.hi !== 0) {
    notes.push("Write = 0 with Dirty = 1 is shadow-stack memory where shadow stacks are on.");
  }
  if ((word.hi & layout.savedDirty.hi) !== 0) {
    notes.push(
      "It was dirty when it lost Write; the processor's D is clear so as not to look like a shadow stack.",
    );
  }
  if ((word.lo & RW) === 0) notes.push("A write faults; whether it is then allowed depends on the VMA.");
  return notes;
}

const SWAP_NOTES: Readonly<Record<string, string>> = {
  swap: "The page is in a swap file (or in the swap cache).",
  hwpoison: "The frame has a memory error: touching it raises SIGBUS.",
  "swapin error": "Reading the page back from swap failed: touching it raises SIGBUS.",
  unknown: "This release gives this type no meaning.",
};

function swapNotes(word: Entry, layout: EntryLayout): string[] {
  const kind = swapKind(swapSlotOf(word).type, layout);
  if (kind === "pte marker") {
    const names = markerText(pteMarkerGet(word, layout), layout);
    return [`Names no page. It tells a fault what to do here: ${markerEffect(names)}.`];
  }
  if (kind.startsWith("migration")) {
    return ["The page is being moved: a fault waits until the entry is replaced."];
  }
  if (kind.startsWith("device")) return ["The page is with a device: a fault brings it back."];
  return [SWAP_NOTES[kind]!];
}

function markerEffect(names: string): string {
  const effects: string[] = [];
  if (names.includes("uffd-wp")) effects.push("the first write goes to userfaultfd");
  if (names.includes("poison")) effects.push("SIGBUS");
  if (names.includes("guard")) effects.push("SIGSEGV");
  return effects.length === 0 ? "nothing that this release knows" : effects.join("; ");
}

/** Releases that would describe the same bits otherwise. */
function otherReadings(word: Entry, level: Level, summary: string, layout: EntryLayout): string[] {
  const readings = new Map<string, string[]>();
  for (const other of LAYOUTS) {
    const text = describeEntry(word, level, { ...other, machine: layout.machine });
    if (text === summary) continue; // The layout's own release among them.
    readings.set(text, [...(readings.get(text) ?? []), other.release]);
  }
  return [...readings].map(([text, releases]) => `Linux ${releases.join(", ")} would read it as: ${text}.`);
}

function fieldLines(word: Entry, level: Level, kind: EntryKind, layout: EntryLayout): string[] {
  if (kind === "none" || kind === "malformed") return [];
  const form: EntryForm = kind === "invalid-large" ? "prot-none" : kind;
  return bitFields(level, form, layout).flatMap((field) => {
    const value = fieldValue(word, field);
    if (value === 0n) return [];
    const bits = field.first === field.last ? `bit ${field.first}` : `bits ${field.last}..${field.first}`;
    const number = field.first === field.last ? "" : ` = 0x${value.toString(16)}`;
    return [`${bits} ${field.name}${number}: ${field.meaning}`];
  });
}

/** The number in a field of an entry, as stored. */
export function fieldValue(word: Entry, field: BitField): bigint {
  return BigInt.asUintN(field.last - field.first + 1, entryToBigInt(word) >> BigInt(field.first));
}

function rawFrame(word: Entry): string {
  return BigInt.asUintN(40, entryToBigInt(word) >> 12n).toString(16);
}

function pfnText(word: Entry, level: Level): string {
  return `0x${pfnOf(word, level).toString(16)}`;
}

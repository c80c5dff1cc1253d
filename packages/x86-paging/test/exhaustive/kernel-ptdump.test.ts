/**
 * The 6.12 kernel's own page-table dumper (text of debugfs page_tables/current_user), read range by range: level,
 * USR, RW, PWT, PCD, PSE, GLB and NX of every leaf must be ours. It ran just before the machine was stopped.
 */

import { expect, test } from "vitest";
import {
  canonicalAddress,
  FLAG,
  hasAnyBit,
  levelInfo,
  levelOf,
  listEntries,
  type Entry,
  type FoundEntry,
  type LevelName,
} from "../../src/index.ts";
import { readDump, readDumpJson } from "../dumps.ts";

interface Range {
  readonly start: bigint;
  readonly end: bigint;
  /** The flags as printed, in order, spaces squeezed; empty for a hole. */
  readonly flags: string;
  readonly level: LevelName;
}

const LINE = /^(0x[0-9a-f]{16})-(0x[0-9a-f]{16})\s+\d+[KMGTPE]\s(.*)\s(pte|pmd|pud|p4d|pgd)$/;

function readRanges(lines: readonly string[]): Range[] {
  const ranges: Range[] = [];
  for (const line of lines) {
    const match = LINE.exec(line);
    if (match === null) {
      if (!line.startsWith("---[") && line.trim() !== "") throw new Error(`not understood: ${line}`);
      continue;
    }
    const [, start, end, flags, level] = match as unknown as [string, string, string, string, LevelName];
    const endAt = BigInt(end);
    ranges.push({
      start: BigInt(start),
      end: endAt === 0n ? 1n << 64n : endAt,
      flags: flags.trim().split(/\s+/).join(" "),
      level,
    });
  }
  return ranges;
}

/** The flags of a leaf the way the kernel prints them. It shows the rights of all levels combined. */
function printed({ entry, level, user, write, noExecute }: FoundEntry): string {
  const has = (mask: Entry): boolean => hasAnyBit(entry, mask);
  return [
    user ? "USR" : "",
    write ? "RW" : "ro",
    has(FLAG.PWT) ? "PWT" : "",
    has(FLAG.PCD) ? "PCD" : "",
    level > 1 && has(FLAG.PSE) ? "PSE" : "",
    has(FLAG.GLOBAL) ? "GLB" : "",
    noExecute ? "NX" : "x",
  ]
    .filter((word) => word !== "")
    .join(" ");
}

test("6.12: the kernel's dumper and ours agree on every leaf but the program's own buffer", () => {
  const json = readDumpJson("k612-4level-swap");
  const guest = json["guest"] as { cpu1_parent: { kernel_ptdump: string[] } };
  const ranges = readRanges(guest.cpu1_parent.kernel_ptdump).filter(({ flags }) => flags !== "");
  const dump = readDump("k612-4level-swap");
  const parent = dump.cpus.find(({ cpu }) => cpu === 1)!;

  let leaves = 0;
  const differ: FoundEntry[] = [];
  for (const found of listEntries(dump.memory.read, parent.rootFrame, parent.levels)) {
    if (found.kind !== "page") continue;
    leaves++;
    const range = ranges.find(({ start, end }) => found.va >= start && found.va < end);
    const same =
      range !== undefined && levelOf(range.level) === found.level && range.flags === printed(found);
    if (!same) differ.push(found);
  }
  expect(leaves).toBe(5_630);
  // Ten pages of one buffer, first touched while the kernel was printing into it.
  expect(differ.length).toBe(10);
  const span = BigInt(levelInfo(1).span);
  expect(
    differ.every(({ va, level }, i) => level === 1 && (i === 0 || va - differ[i - 1]!.va <= 4n * span)),
  ).toBe(true);
  expect(differ.every(({ user, write }) => user && write)).toBe(true);

  const mappedBytes = ranges.reduce((sum, { start, end }) => sum + end - start, 0n);
  expect(mappedBytes % span).toBe(0n);
  expect(canonicalAddress(ranges.at(-1)!.start, 48)).toBe(ranges.at(-1)!.start);
});

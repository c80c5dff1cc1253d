/** Rights of every level count, at every depth; and every bit of every entry that a processor may reserve. */

import { expect, test } from "vitest";
import {
  LINUX_CONTROLS,
  walk,
  type AccessKind,
  type Entry,
  type Level,
  type LevelCount,
  type PagingControls,
} from "../../src/index.ts";

/** What one level withholds. */
const WITHHELD = ["nothing", "write", "user", "fetch"] as const;
const KINDS: readonly AccessKind[] = ["read", "write", "fetch"];
const VA = 0x1234_5678_9abcn;

/** Builds a chain of tables in frames 1, 2, ... from the root down to a leaf, and reads it. */
function chain(levels: LevelCount, leafLevel: Level, withheld: readonly number[]): (frame: number) => Entry {
  const entries = withheld.map((what, i): Entry => {
    const level = levels - i;
    const isLeaf = level === leafLevel;
    let lo = isLeaf ? 0x4000_0000 : (i + 2) << 12;
    lo |= 0x21 | (what === 1 ? 0 : 0x2) | (what === 2 ? 0 : 0x4) | (isLeaf && level > 1 ? 0x80 : 0);
    return { lo, hi: what === 3 ? 0x8000_0000 | 0 : 0 };
  });
  return (frame) => entries[frame - 1]!;
}

test("an access is allowed exactly when every level agrees", () => {
  let checked = 0;
  for (const levels of [4, 5] as const) {
    for (const leafLevel of [1, 2, 3] as const) {
      const depth = levels - leafLevel + 1;
      for (let code = 0; code < WITHHELD.length ** depth; code++) {
        const withheld = Array.from({ length: depth }, (_, i) => Math.floor(code / 4 ** i) % 4);
        const read = chain(levels, leafLevel, withheld);
        const controls: PagingControls = { ...LINUX_CONTROLS, levels };
        for (const kind of KINDS) {
          const result = walk(read, 1, VA, { kind, user: true }, controls);
          const forbidden =
            withheld.includes(2) || withheld.includes(kind === "write" ? 1 : kind === "fetch" ? 3 : 2);
          checked++;
          expect(result.kind).toBe(forbidden ? "fault" : "translated");
          if (result.kind !== "non-canonical") expect(result.steps.length).toBe(depth);
        }
      }
    }
  }
  // 4^4 + 4^3 + 4^2 chains with four levels, 4^5 + 4^4 + 4^3 with five; three accesses each.
  expect(checked).toBe((256 + 64 + 16 + 1024 + 256 + 64) * 3);
});

/** Reserved bits as the manual's tables list them, below the address width and apart from bit 63. */
const GAPS: Readonly<Record<string, readonly number[]>> = {
  "5 table": [7],
  "4 table": [7],
  "3 table": [],
  "3 page": range(13, 29),
  "2 table": [],
  "2 page": range(13, 20),
  "1 page": [],
};

test("each bit of each kind of entry is reserved exactly where the manual says", () => {
  let reserved = 0;
  let checked = 0;
  for (const kind of Object.keys(GAPS)) {
    const [level, what] = kind.split(" ") as [string, string];
    for (const physicalBits of [36, 46, 52]) {
      for (const noExecute of [false, true]) {
        for (const gigabytePages of [false, true]) {
          for (let bit = 1; bit < 64; bit++) {
            const controls = {
              ...LINUX_CONTROLS,
              levels: 5,
              physicalBits,
              noExecute,
              gigabytePages,
            } as const;
            const isPage = what === "page";
            const expected =
              (bit >= physicalBits && bit < 52) ||
              (bit === 63 && !noExecute) ||
              (kind === "3 page" && !gigabytePages) ||
              (kind === "3 table" && bit === 7 && !gigabytePages) ||
              GAPS[kind]!.includes(bit);
            // Setting bit 7 makes another kind of entry of these two; the page rows cover it.
            if (bit === 7 && (kind === "2 table" || (kind === "3 table" && gigabytePages))) continue;
            const found = faultsReserved(Number(level) as Level, isPage, bit, controls);
            expect([kind, physicalBits, noExecute, gigabytePages, bit, found]).toEqual([
              kind,
              physicalBits,
              noExecute,
              gigabytePages,
              bit,
              expected,
            ]);
            checked++;
            if (expected) reserved++;
          }
        }
      }
    }
  }
  expect(checked).toBe(7 * 3 * 2 * 2 * 63 - 12 - 6);
  expect(reserved).toBeGreaterThan(700);
});

function faultsReserved(level: Level, isPage: boolean, bit: number, controls: PagingControls): boolean {
  let lo = 0x67 | (isPage && level > 1 ? 0x80 : 0);
  let hi = 0;
  if (bit < 32) lo |= 1 << bit;
  else hi |= 1 << (bit - 32);
  const odd: Entry = { lo, hi };
  const open: Entry = { lo: 0x67, hi: 0 };
  let depth = 5;
  const result = walk(() => (depth-- === level ? odd : open), 0, VA, { kind: "read", user: true }, controls);
  if (result.kind !== "fault") return false;
  expect(result.code).toBe(0b1101); // User, reserved, present.
  expect(result.level).toBe(level);
  return true;
}

function range(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, i) => first + i);
}

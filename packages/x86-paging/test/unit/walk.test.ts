/** The steps of single walks; all combinations of rights are in test/exhaustive/access.test.ts. */

import { expect, test } from "vitest";
import {
  ACCESSED,
  DIRTY,
  GLOBAL,
  LINUX_CONTROLS,
  mkTable,
  NONE_ENTRY,
  RW,
  SparseMemory,
  USER,
  walk,
  walkFrom,
  ALL_RIGHTS,
  type Access,
} from "../../src/index.ts";
import { largePage, page } from "../entries.ts";

const VA = 0x7f00_4060_8abcn; // Indices 0xfe, 1, 3, 8.
const WRITE: Access = { kind: "write", user: true };

function machine(): SparseMemory {
  const memory = new SparseMemory();
  memory.write(1, 0xfe, mkTable(2));
  memory.write(2, 1, mkTable(3));
  memory.write(3, 3, mkTable(4));
  memory.write(4, 8, page(0x34, RW | USER));
  return memory;
}

test("a walk lists the entries it read, root first, and the bits it would set", () => {
  const result = walk(machine().read, 1, VA, WRITE, LINUX_CONTROLS);
  if (result.kind !== "translated") throw new Error(result.kind);
  expect(result.steps.map(({ level, frame, index }) => [level, frame, index])).toEqual([
    [4, 1, 0xfe],
    [3, 2, 1],
    [2, 3, 3],
    [1, 4, 8],
  ]);
  expect(result.pa).toBe(0x34abc);
  expect(result.updates).toEqual([
    { frame: 4, index: 8, seen: page(0x34, RW | USER), set: ACCESSED | DIRTY },
  ]);
});

test("a read sets no Dirty, and nothing is written to memory", () => {
  const memory = machine();
  const result = walk(memory.read, 1, VA, { kind: "read", user: true }, LINUX_CONTROLS);
  expect(result.kind === "translated" && result.updates.map(({ set }) => set)).toEqual([ACCESSED]);
  expect(memory.read(4, 8)).toEqual(page(0x34, RW | USER));
});

test("a large page ends the walk early and lends its offset bits to the address", () => {
  const memory = machine();
  memory.write(3, 3, largePage(0x200, RW | USER));
  const result = walk(memory.read, 1, VA, WRITE, LINUX_CONTROLS);
  expect(result).toMatchObject({ kind: "translated", level: 2, pa: 0x20_0000 + 0x8abc });
});

test("an absent entry ends the walk; what was used before may have been marked", () => {
  const memory = machine();
  memory.write(2, 1, { lo: 0x3007, hi: 0 }); // Not accessed yet.
  memory.write(3, 3, NONE_ENTRY);
  const result = walk(memory.read, 1, VA, WRITE, LINUX_CONTROLS);
  expect(result).toMatchObject({ kind: "fault", code: 0b110, level: 2 });
  expect(result.kind === "fault" && result.mayUpdate.map(({ frame }) => frame)).toEqual([2]);
});

test("an address that is not canonical faults before any entry is read", () => {
  const read = (): never => {
    throw new Error("read");
  };
  expect(walk(read, 1, 0x8000_0000_0000n, WRITE, LINUX_CONTROLS)).toEqual({ kind: "non-canonical" });
});

test("a walk may start below the root, and then does not see what is above", () => {
  const memory = machine();
  memory.write(1, 0xfe, NONE_ENTRY);
  const result = walkFrom(memory.read, { level: 1, frame: 4, rights: ALL_RIGHTS }, VA, WRITE, LINUX_CONTROLS);
  expect(result).toMatchObject({ kind: "translated", pa: 0x34abc });
  const readOnly = { ...ALL_RIGHTS, write: false };
  expect(
    walkFrom(memory.read, { level: 1, frame: 4, rights: readOnly }, VA, WRITE, LINUX_CONTROLS),
  ).toMatchObject({
    kind: "fault",
    code: 0b111,
  });
});

test("bit 8 of the leaf makes a page global only while CR4.PGE is set, and never from above", () => {
  const memory = machine();
  const isGlobal = (globalPages: boolean): unknown => {
    const result = walk(memory.read, 1, VA, WRITE, { ...LINUX_CONTROLS, globalPages });
    return result.kind === "translated" && result.global;
  };
  memory.write(3, 3, { lo: mkTable(4).lo | GLOBAL, hi: 0 });
  expect([isGlobal(true), isGlobal(false)]).toEqual([false, false]);
  memory.write(4, 8, page(0x34, RW | USER | GLOBAL));
  expect([isGlobal(true), isGlobal(false)]).toEqual([true, false]);
});

test("a write marks the page dirty, and the tables above it only accessed", () => {
  const memory = machine();
  for (const [frame, index] of [
    [1, 0xfe],
    [2, 1],
    [3, 3],
  ] as const) {
    memory.write(frame, index, { lo: memory.read(frame, index).lo & ~(ACCESSED | DIRTY), hi: 0 });
  }
  const result = walk(memory.read, 1, VA, WRITE, LINUX_CONTROLS);
  expect(result.kind === "translated" && result.updates.map(({ set }) => set)).toEqual([
    ACCESSED,
    ACCESSED,
    ACCESSED,
    ACCESSED | DIRTY,
  ]);
});

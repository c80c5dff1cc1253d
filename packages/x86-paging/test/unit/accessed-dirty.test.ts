/** The processor's locked updates lose against software that changed the entry in between. */

import { expect, test } from "vitest";
import {
  ACCESSED,
  commitUpdates,
  DIRTY,
  NONE_ENTRY,
  pteWrprotect,
  RW,
  sameEntry,
  SparseMemory,
  updatedEntry,
  USER,
  type AccessedDirtyUpdate,
} from "../../src/index.ts";
import { page } from "../entries.ts";

const SEEN = page(0x34, RW | USER);
const UPDATE: AccessedDirtyUpdate = { frame: 1, index: 7, seen: SEEN, set: ACCESSED | DIRTY };

test("the update lands on the value in memory, keeping what another processor has set", () => {
  expect(updatedEntry(SEEN, UPDATE)).toEqual(page(0x34, RW | USER | ACCESSED | DIRTY));
  expect(updatedEntry(page(0x34, RW | USER | ACCESSED), UPDATE)).toEqual(
    page(0x34, RW | USER | ACCESSED | DIRTY),
  );
});

test.each([
  ["cleared", NONE_ENTRY],
  ["write-protected", pteWrprotect(SEEN)],
  ["pointed elsewhere", page(0x35, RW | USER)],
])("an entry that was %s in between gets no bit", (_, now) => {
  expect(updatedEntry(now, UPDATE)).toBeUndefined();
  const memory = new SparseMemory();
  memory.write(1, 7, now);
  const write = memory.write.bind(memory);
  expect(commitUpdates([UPDATE], memory.read, write)).toBe(false);
  expect(sameEntry(memory.read(1, 7), now)).toBe(true);
});

test("updates before the one that fails are made", () => {
  const memory = new SparseMemory();
  memory.write(1, 7, SEEN);
  memory.write(2, 0, NONE_ENTRY);
  const second = { ...UPDATE, frame: 2, index: 0 };
  expect(commitUpdates([UPDATE, second], memory.read, memory.write.bind(memory))).toBe(false);
  expect(memory.read(1, 7).lo & DIRTY).toBe(DIRTY);
});

/** Corners of listings that the recorded machines do not have: PAT in a large page, rights that levels disagree on. */

import { expect, test } from "vitest";
import {
  entryFromHex,
  FLAG,
  leafAddress,
  listEntries,
  mkTable,
  qemuFlags,
  qemuMemory,
  qemuTlb,
  RW,
  SparseMemory,
  USER,
  withBits,
  withoutBits,
  type Entry,
} from "../../../src/index.ts";
import { page } from "../../entries.ts";

test("PAT and software bits are no part of a large page's address", () => {
  const large = entryFromHex("0x84000000402010e7");
  expect(leafAddress(large, 2)).toBe(0x4020_0000);
  expect(leafAddress(entryFromHex("0x84000000400010e7"), 3)).toBe(0x4000_0000);
  expect(leafAddress(large, 1)).toBe(0x4020_1000);
});

test("each letter is one bit", () => {
  expect(qemuFlags(entryFromHex("0xffffffffffffffff"))).toBe("XGPDACTUW");
  expect(qemuFlags(entryFromHex("0x0000000000000001"))).toBe("---------");
  expect(qemuFlags(entryFromHex("0x80000000000000a1"))).toBe("X-P-A----");
});

/** One page whose entries at the four levels are changed one at a time. */
function chain(level: number, change: (entry: Entry) => Entry): SparseMemory {
  const memory = new SparseMemory();
  const entries = [page(9, USER | RW), mkTable(4), mkTable(3), mkTable(2)];
  entries[level - 1] = change(entries[level - 1]!);
  for (const [i, entry] of entries.entries()) memory.write(4 - i, 0x1ff, entry);
  return memory;
}

test.each([1, 2, 3, 4])(
  "what level %d withholds is withheld; QEMU's tlb list shows the leaf alone",
  (level) => {
    const rights = (change: (entry: Entry) => Entry): unknown[] =>
      [...listEntries(chain(level, change).read, 1, 4)].map(({ va, user, write, noExecute }) => [
        va,
        user,
        write,
        noExecute,
      ]);
    const va = 0xffff_ffff_ffff_f000n;
    expect(rights((entry) => entry)).toEqual([[va, true, true, false]]);
    expect(rights((entry) => withoutBits(entry, FLAG.USER))).toEqual([[va, false, true, false]]);
    expect(rights((entry) => withoutBits(entry, FLAG.RW))).toEqual([[va, true, false, false]]);
    expect(rights((entry) => withBits(entry, FLAG.NX))).toEqual([[va, true, true, true]]);

    const readOnly = chain(level, (entry) => withoutBits(entry, FLAG.RW)).read;
    expect([...qemuMemory(readOnly, 1, 4)]).toEqual([{ start: va, size: 4096n, permissions: "ur-" }]);
    const [line] = [...qemuTlb(readOnly, 1, 4)];
    expect(line?.flags.endsWith("W")).toBe(level !== 1);
  },
);

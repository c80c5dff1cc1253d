/** Reading tables from flat copies of memory and from dumps; listing and walking must agree. */

import { expect, test } from "vitest";
import {
  entryFromHex,
  listEntries,
  physicalMemory,
  qemuTlb,
  rootFrameOf,
  SparseMemory,
  walk,
  LINUX_CONTROLS,
} from "../../src/index.ts";
import { readDump } from "../dumps.ts";
import { caught } from "../caught.ts";

test("a flat dump is read little endian, at its base", () => {
  const bytes = new Uint8Array(3 * 4096);
  bytes.set([0x67, 0x20, 0x01, 0, 0, 0, 0, 0x80], 4096 + 8 * 5);
  expect(physicalMemory(bytes)(1, 5)).toEqual(entryFromHex("0x8000000000012067"));
  expect(physicalMemory(bytes, { base: 0x10_0000 })(0x101, 5)).toEqual(entryFromHex("0x8000000000012067"));
  expect(physicalMemory(bytes.subarray(4096))(0, 5)).toEqual(entryFromHex("0x8000000000012067"));
});

test("CR3 names the root table among its flags", () => {
  expect(rootFrameOf(0x8000_0000_0346_a018n)).toBe(0x346a);
  expect(rootFrameOf(0xfff_ffff_ffff_f000n)).toBe(2 ** 40 - 1);
});

test("a table outside the bytes is named", () => {
  const read = physicalMemory(new Uint8Array(4096 + 4095));
  expect(caught(() => read(1, 0))).toMatchObject({ code: "dump-truncated", value: "0x1000" });
  const based = physicalMemory(new Uint8Array(4096), { base: 0x2000 });
  expect(caught(() => based(1, 0))).toMatchObject({ code: "dump-truncated", value: "0x1000" });
  expect(caught(() => new SparseMemory().read(0x12, 0))).toMatchObject({
    code: "dump-truncated",
    value: "0x12000",
  });
});

test.each([-4096, 5, Number.NaN, 2 ** 60])("base %d is refused", (base) => {
  expect(caught(() => physicalMemory(new Uint8Array(4096), { base })).code).toBe("bad-argument");
});

test("a flat copy of a real machine's tables decodes to the same list", () => {
  const dump = readDump("k612-4level-swap");
  const frames = [...dump.memory.frames()];
  const first = Math.min(...frames);
  const bytes = new Uint8Array((Math.max(...frames) - first + 1) * 4096);
  const view = new DataView(bytes.buffer);
  for (const frame of frames) {
    for (const [i, half] of dump.memory.table(frame).entries()) {
      view.setInt32((frame - first) * 4096 + i * 4, half, true);
    }
  }
  const flat = physicalMemory(bytes, { base: first * 4096 });
  for (const { rootFrame, levels, tlb } of dump.cpus) {
    expect([...qemuTlb(flat, rootFrame, levels)]).toEqual([...tlb()]);
  }
});

test("the walk of an address finds what the listing of the whole space lists", () => {
  const dump = readDump("deb61-la57");
  const [cpu] = dump.cpus;
  const controls = { ...LINUX_CONTROLS, levels: cpu!.levels, physicalBits: 52, smap: false };
  let walked = 0;
  for (const found of listEntries(dump.memory.read, cpu!.rootFrame, cpu!.levels)) {
    if (walked++ % 50 !== 0) continue;
    const result = walk(dump.memory.read, cpu!.rootFrame, found.va, { kind: "read", user: false }, controls);
    expect(result.kind).toBe(found.kind === "page" ? "translated" : "fault");
    if (result.kind === "translated") {
      expect(result.leaf).toEqual(found.entry);
      expect([result.rights.user, result.rights.write, !result.rights.execute]).toEqual([
        found.user,
        found.write,
        found.noExecute,
      ]);
    }
  }
  expect(walked).toBeGreaterThan(76_000);
});

/** The dump format: what it accepts, and that every refusal names the offending value. */

import { expect, test } from "vitest";
import {
  expandRows,
  listEntries,
  mkTable,
  parseDump,
  parseInteger,
  SparseMemory,
} from "../../../src/index.ts";
import { caught } from "../../caught.ts";

const DUMP = {
  name: "small",
  kernel: "6.12",
  vcpus: [{ cpu: 0, cr3: "0x1018", la57: 0 }],
  pages: { "0x1000": [[0, "0x2067", 1, 0, "0x0"]], "0x2000": [] as unknown[] },
} as const;

test("a small dump parses; what is optional may be missing", () => {
  const dump = parseDump(DUMP);
  expect(dump.cpus[0]).toMatchObject({ cpu: 0, rootFrame: 1, levels: 4 });
  expect([...dump.cpus[0]!.tlb()]).toEqual([]);
  expect(dump.memory.read(1, 0)).toEqual(mkTable(2));
  expect(dump.pagemaps.size).toBe(0);
});

test("one row stands for many, and may count down", () => {
  expect([...expandRows([[0, "0x10", "a", 3, 2, "-0x8"]], 3)]).toEqual([
    { x: 0n, y: 16n, rest: ["a"] },
    { x: 2n, y: 8n, rest: ["a"] },
    { x: 4n, y: 0n, rest: ["a"] },
  ]);
});

test.each([
  ["dump-malformed", [], "[]"],
  ["dump-malformed", { ...DUMP, pages: 5 }, "5"],
  ["dump-malformed", { ...DUMP, name: 5 }, "5"],
  ["dump-malformed", { ...DUMP, pages: { "0x1004": [] } }, "0x1004"],
  ["dump-malformed", { ...DUMP, pages: { "0x1000": [[512, "0x1", 1, 0, 0]] } }, "0x1000[512]"],
  ["dump-malformed", { ...DUMP, pages: { "0x1000": [[511, "0x1", 2, 1, 0]] } }, "0x1000[512]"],
  ["dump-malformed", { ...DUMP, pages: { "0x1000": [[0, "0x1"]] } }, '[0,"0x1"]'],
  ["dump-malformed", { ...DUMP, pages: { "0x1000": [[0, "x", 1, 0, 0]] } }, '"x"'],
  ["dump-malformed", { ...DUMP, pages: { "0x1000": [[0, "0x1", 0, 0, 0]] } }, '[0,"0x1",0,0,0]'],
  ["dump-malformed", { ...DUMP, vcpus: [{ cpu: 0, cr3: "0x1000" }] }, "undefined"],
  ["dump-contradictory", { ...DUMP, pages: { "0x1000": [[3, "0x1", 2, 0, 1]] } }, "0x1000[3]"],
  ["dump-contradictory", { ...DUMP, pages: { "0x1000": [], "0x001000": [] } }, "0x001000"],
  ["dump-truncated", { ...DUMP, pages: { "0x2000": [] } }, "0x1000"],
])("%s: %j names %s", (code, json, value) => {
  const error = caught(() => parseDump(json));
  expect(error.code).toBe(code);
  expect(error.value).toBe(value);
});

test.each([1.5, null, undefined, "12", "0x", "0x10000000000000000", 2 ** 60, {}])(
  "%j is no whole number",
  (value) => {
    expect(caught(() => parseInteger(value)).code).toBe("dump-malformed");
  },
);

test("a listing meets a table that the dump lacks", () => {
  const { memory, cpus } = parseDump({ ...DUMP, pages: { "0x1000": DUMP.pages["0x1000"] } });
  const error = caught(() => [...listEntries(memory.read, cpus[0]!.rootFrame, 4)]);
  expect(error).toMatchObject({ code: "dump-truncated", value: "0x2000" });
});

test("tables that point at themselves in every entry are given up on", () => {
  const memory = new SparseMemory();
  for (let index = 0; index < 512; index++) memory.write(1, index, mkTable(1));
  const list = listEntries(memory.read, 1, 5, { tablesMax: 100 });
  expect(caught(() => [...list]).code).toBe("dump-malformed");
});

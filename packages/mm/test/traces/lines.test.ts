/** Reading traces, and the lines in which they are compared. */

import { UsageError } from "@mmrace/scheduler";
import { expect, test } from "vitest";
import { differenceOf } from "../../src/traces/compare.ts";
import { parseTraces } from "../../src/traces/format.ts";
import { linesOfKernel } from "../../src/traces/lines.ts";

const TRACE = [
  '{"op": "sample", "kernel": "6.12-lockdep", "result": ["copy -> 0"], "events": 7}',
  '{"d": 0, "e": "call", "f": "do_something"}',
  '{"d": 0, "e": "acquire", "lock": "mmap_lock", "mode": "read", "id": 7, "try": 1}',
  '{"d": 0, "e": "acquire", "lock": "lru_lock", "mode": "excl", "id": 1}',
  '{"d": 0, "e": "acquire", "lock": "ptl_pte", "mode": "excl", "id": 3}',
  '{"d": 0, "e": "set_pte", "n": 2, "held": ["mmap_lock#7:r", "lru_lock#1", "ptl_pte#3"]}',
  '{"d": 0, "e": "release", "lock": "ptl_pte", "id": 3}',
  '{"d": 0, "e": "flush_tlb", "held": []}',
].join("\n");

test("operations, their release and their results are read", () => {
  const [operation, ...others] = parseTraces(TRACE);
  expect(others).toEqual([]);
  expect(operation).toMatchObject({ op: "sample", kernel: "6.12", result: ["copy -> 0"] });
  expect(operation?.events).toHaveLength(7);
});

test("locks are numbered anew, what is not modelled is left out, a write of two entries is two lines", () => {
  expect(linesOfKernel(parseTraces(TRACE)[0]!.events)).toEqual([
    "+try mmap_lock#1:r",
    "+ptl_pte#1",
    "set_pte under mmap_lock#1:r ptl_pte#1",
    "set_pte under mmap_lock#1:r ptl_pte#1",
    "-ptl_pte#1",
    "flush_tlb under nothing",
  ]);
});

test.each([
  ["{", /Line 1 .* no JSON object/],
  ['{"e": "acquire"}', /Line 1 .* before any operation/],
  ['{"op": "x"}', /Line 1 .* which kernel/],
  ['{"op": "x", "kernel": "6.12"}\n{"f": 1}', /Line 2 .* neither an operation nor an event/],
])("%j is refused with the line and what is wrong", (text, message) => {
  expect(() => parseTraces(text)).toThrow(UsageError);
  expect(() => parseTraces(text)).toThrow(message);
});

test.each([
  [{ e: "acquire", lock: "zone_lock" }, /zone_lock/],
  [{ e: "set_pud" }, /set_pud/],
])("%j is unknown to the mapping, and says so", (event, message) => {
  expect(() => linesOfKernel([event])).toThrow(message);
});

test("a difference shows what only one side does, and where", () => {
  expect(differenceOf(["a", "b", "c"], ["a", "b", "c"])).toEqual([]);
  expect(differenceOf(["a", "b", "c"], ["a", "x", "c"])).toEqual(["  a", "- b", "+ x", "  c"]);
  expect(differenceOf(["a"], [])).toEqual(["- a"]);
  expect(differenceOf([], ["a"])).toEqual(["+ a"]);
});

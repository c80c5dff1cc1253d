/** Who meets whom, on executions that are small enough to say it by hand. */

import { SpinLock, spinLock, spinUnlock, Lockdep } from "@mmrace/locks";
import {
  Cell,
  defineProcedures,
  defineScenario,
  encodeSchedule,
  readOnce,
  writeOnce,
  type Steps,
} from "@mmrace/scheduler";
import { expect, test } from "vitest";
import { procedurePairs } from "../../src/report/procedure-pairs.ts";

class Pair {
  readonly lock = new SpinLock(new Lockdep(), "lock");
  readonly cell = new Cell("cell", 0);
}

const procedures = defineProcedures({
  *setIt(w: Pair): Steps<void> {
    yield* spinLock(w.lock);
    yield* writeOnce(w.cell, 1);
    yield* spinUnlock(w.lock);
  },
  *lookAtIt(w: Pair): Steps<void> {
    yield* spinLock(w.lock);
    yield* readOnce(w.cell);
    yield* spinUnlock(w.lock);
  },
});

const scenario = defineScenario<Pair>({
  name: "pair",
  setup: () => new Pair(),
  threads: { writer: (w) => procedures.setIt(w), reader: (w) => procedures.lookAtIt(w) },
  properties: [],
});

const writerFirst = encodeSchedule([0, 0, 0, 1, 1, 1], []);
const readerFirst = encodeSchedule([1, 1, 1, 0, 0, 0], []);

/** The pairs of a map, in words. */
function pairs(map: string, ...schedules: readonly Uint8Array[]): readonly string[] {
  const heat = procedurePairs(scenario, {}, schedules).find((one) => one.map === map)!;
  return heat.pairs.map(
    ([from, to, edges, executions]) =>
      `${heat.procedures[from]} -> ${heat.procedures[to]}: ${edges} in ${executions}`,
  );
}

test("whoever reads meets whoever wrote, not the other way round", () => {
  expect(pairs("reads-from", writerFirst)).toEqual(["set_it -> look_at_it: 1 in 1"]);
  expect(pairs("reads-from", readerFirst)).toEqual([]);
});

test("whoever takes a lock meets whoever had it", () => {
  expect(pairs("lock hand-over", writerFirst, readerFirst)).toEqual([
    "look_at_it -> set_it: 1 in 1",
    "set_it -> look_at_it: 1 in 1",
  ]);
});

test("whoever comes next meets whoever came before, where one of them writes", () => {
  expect(pairs("race order", readerFirst, readerFirst)).toEqual(["look_at_it -> set_it: 2 in 2"]);
});

test("nothing is carried from one execution to the next", () => {
  expect(pairs("reads-from", readerFirst, readerFirst, writerFirst, writerFirst)).toEqual([
    "set_it -> look_at_it: 1 in 2",
  ]);
});

/** Additions commute with each other, and with nothing that looks. */

import {
  atomicAdd,
  Cell,
  defineScenario,
  dpor,
  exhaustive,
  explore,
  optimalDpor,
  readOnce,
  writeOnce,
  type Scenario,
  type Steps,
} from "@mmrace/scheduler";
import { expect, test } from "vitest";

interface Count {
  readonly cell: Cell<number>;
  seen: number | undefined;
}

const add = (by: number) =>
  function* ({ cell }: Count): Steps<void> {
    yield* atomicAdd(cell, by);
  };

function program(name: string, threads: Scenario<Count>["threads"]): Scenario<Count> {
  return defineScenario<Count>({
    name,
    setup: () => ({ cell: new Cell("count", 0), seen: undefined }),
    threads,
    properties: [],
  });
}

const onlyAdds = program("adds", { a: add(1), b: add(2), c: add(4) });

const withReader = program("adds and a reader", {
  a: add(1),
  b: add(2),
  *reader(count) {
    count.seen = yield* readOnce(count.cell);
  },
});

const withWriter = program("an add and a writer", {
  a: add(1),
  *writer({ cell }) {
    yield* writeOnce(cell, 10);
  },
});

const searches = [
  ["sleep sets", () => exhaustive({ reduction: "sleep-sets" })],
  ["source-DPOR", () => dpor()],
  ["optimal DPOR", () => optimalDpor()],
] as const;

test.each(searches)("%s: three additions are one trace", (_name, search) => {
  expect(explore(onlyAdds, search()).executions).toBe(1);
});

test.each(searches)("%s: a reader sees every sum, each in one trace", (_name, search) => {
  expect(explore(withReader, search()).executions).toBe(4);
});

test.each(searches)("%s: a writer and an addition have two orders", (_name, search) => {
  expect(explore(withWriter, search()).executions).toBe(2);
});

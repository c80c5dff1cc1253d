/** A user of @mmrace/vitest: a counter that loses an update, and one that does not. */

import "@mmrace/vitest";
import { atEnd, Cell, defineScenario, exhaustive, explore, random } from "@mmrace/scheduler";
import { readOnce, update, writeOnce, type Scenario, type ThreadBody } from "@mmrace/scheduler";
import { expectViolation } from "@mmrace/scheduler/testing";
import { expect, test } from "vitest";

function counting(name: string, increment: ThreadBody<Cell<number>>): Scenario<Cell<number>> {
  return defineScenario<Cell<number>>({
    name,
    setup: () => new Cell("counter", 0),
    threads: { a: increment, b: increment },
    properties: [atEnd("both increments count", (counter) => counter.value === 2)],
  });
}

const atomicUpdate = counting("atomic-update", function* (counter) {
  yield* update(counter, (value) => value + 1);
});

const lostUpdate = counting("lost-update", function* (counter) {
  yield* writeOnce(counter, (yield* readOnce(counter)) + 1);
});

test("an atomic increment counts in every interleaving", () => {
  expect(atomicUpdate).toHoldInEveryInterleaving();
});

test("another one does not, and 20 random schedules are enough to see it", () => {
  expect(lostUpdate).not.toHoldInEveryInterleaving();
  expect(lostUpdate).toBeFoundBy(random, { within: 20, oracle: "both increments count" });
});

test("the schedule that was found is a test of its own", () => {
  // In a test that stays, the token is written down as the failure text shows it.
  const { token } = expectViolation(explore(lostUpdate, exhaustive()), "both increments count");
  expect(lostUpdate).toReplay(token, "both increments count");
});

/** A user of @mmrace/scheduler alone: two increments that are not atomic, and a schedule that loses one. */

import {
  atEnd,
  Cell,
  defineScenario,
  exhaustive,
  explore,
  readOnce,
  replay,
  writeOnce,
} from "@mmrace/scheduler";
import type { Steps } from "@mmrace/scheduler";
import { expectViolation } from "@mmrace/scheduler/testing";

function* increment(counter: Cell<number>): Steps<void> {
  yield* writeOnce(counter, (yield* readOnce(counter)) + 1);
}

const scenario = defineScenario<Cell<number>>({
  name: "lost-update",
  setup: () => new Cell("counter", 0),
  threads: { a: increment, b: increment },
  properties: [atEnd("both increments count", (counter) => counter.value === 2)],
});

const { token } = expectViolation(explore(scenario, exhaustive()), "both increments count");
expectViolation(explore(scenario, replay(token)), "both increments count");

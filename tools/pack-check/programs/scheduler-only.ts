/** A user of @mmrace/scheduler alone: two increments that are not atomic, and the schedule that loses one. */

import { atEnd, Cell, defineScenario, exhaustive, explore, readOnce, replay, writeOnce } from "@mmrace/scheduler";
import { expectViolation } from "@mmrace/scheduler/testing";
import type { Steps } from "@mmrace/scheduler";

interface World {
  readonly counter: Cell<number>;
}

function* increment({ counter }: World): Steps<void> {
  yield* writeOnce(counter, (yield* readOnce(counter)) + 1);
}

const scenario = defineScenario<World>({
  name: "lost-update",
  setup: () => ({ counter: new Cell("counter", 0) }),
  threads: { a: increment, b: increment },
  properties: [atEnd("both increments count", ({ counter }) => counter.value === 2)],
});

const violation = expectViolation(explore(scenario, exhaustive()), "both increments count");
export const replayed = replay(scenario, violation.token);

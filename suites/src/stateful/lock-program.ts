/** Programs of threads that take a lock for ever: at most one of them, or readers alone, are in critical sections. */

import {
  always,
  Cell,
  defineScenario,
  type Interchangeable,
  type Scenario,
  type Steps,
  trackGhosts,
} from "@mmrace/scheduler";
import type { Program } from "../program.ts";

/** How many threads are in their critical sections: ghost state, counted by the steps that lead in and out. */
export class Inside extends Cell<{ readonly readers: number; readonly writers: number }> {
  constructor() {
    super("inside", { readers: 0, writers: 0 });
  }

  enter(who: "readers" | "writers", by: 1 | -1 = 1): void {
    this.value = { ...this.value, [who]: this.value[who] + by };
  }
}

export interface LockWorld {
  readonly inside: Inside;
}

const exclusive = always("one writer, or readers", ({ inside }: LockWorld) => {
  const { readers, writers } = inside.value;
  return writers === 0 || (writers === 1 && readers === 0);
});

/** Threads that are alike. */
interface Alike<W> {
  readonly names: readonly string[];
  /** @param index the thread's place in `names`. */
  readonly body: (world: W, index: number) => Steps<void>;
  readonly owns?: Interchangeable<W>["owns"];
}

/** A program whose threads are interchangeable among those of one body. */
export function lockProgram<W extends LockWorld>(
  id: string,
  setup: () => W,
  sets: readonly Alike<W>[],
  expected: Program["expected"],
): Program<W> {
  const threads: Scenario<W>["threads"] = Object.fromEntries(
    sets.flatMap(({ names, body }) =>
      names.map((name, index) => [name, (world: W) => body(world, index)] as const),
    ),
  );
  return {
    id,
    scenario: defineScenario({
      name: id,
      setup: () => {
        // There are no ghosts but in shared objects.
        trackGhosts(() => undefined);
        return setup();
      },
      threads,
      interchangeable: sets.map(({ names, owns = () => [] }) => ({ threads: names, owns })),
      properties: [exclusive],
    }),
    finalState: ({ inside }) => JSON.stringify(inside.value),
    expected,
  };
}

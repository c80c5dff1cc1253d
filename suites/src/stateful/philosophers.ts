/** Philosophers who never stop, as SPIN's examples have them: the first fork is taken first and put back last. */

import { defineScenario, forget, type Steps } from "@mmrace/scheduler";
import { lock, Mutex, unlock } from "../mutex.ts";
import type { Program } from "../program.ts";

function* dine(first: Mutex, second: Mutex): Steps<void> {
  for (;;) {
    yield* forget("hungry");
    yield* lock(first);
    yield* lock(second);
    yield* unlock(second);
    yield* unlock(first);
  }
}

/** So many philosophers; all can have taken their first fork, and starve. */
export function philosophers(count: number, expected: Program["expected"]): Program<readonly Mutex[]> {
  const id = `dining(${count}), for ever`;
  const seats = Array.from({ length: count }, (_, seat) => seat);
  return {
    id,
    scenario: defineScenario<readonly Mutex[]>({
      name: id,
      setup: () => seats.map((seat) => new Mutex("fork", `fork ${seat}`)),
      threads: Object.fromEntries(
        seats.map(
          (seat) =>
            [
              `p${seat}`,
              (forks: readonly Mutex[]) => dine(forks[seat]!, forks[(seat + 1) % count]!),
            ] as const,
        ),
      ),
      properties: [],
    }),
    finalState: (forks) => forks.map(({ owner }) => owner?.id ?? "-").join(" "),
    expected,
  };
}

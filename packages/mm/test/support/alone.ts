/** One thread alone in a world, under all oracles, on any release. */

import { rcuCallbacks } from "@mmrace/locks";
import { allOracles, kernelById, World } from "@mmrace/mm";
import { atEnd, defineScenario, exhaustive, explore, type Steps } from "@mmrace/scheduler";
import { expectNoViolation } from "@mmrace/scheduler/testing";

/** The releases whose procedures differ most. */
export const RELEASES: readonly string[] = ["6.1", "6.6", "6.12", "6.14", "6.18"];

/** Runs a body to its end, with the grace periods that follow, and gives the world as it is then. */
export function alone<Cast extends object>(
  release: string,
  setup: (w: World) => Cast,
  body: (w: World & Cast) => Steps<unknown>,
): World & Cast {
  const { ops } = kernelById(release);
  let ended: (World & Cast) | undefined;
  // The search cuts some executions off: the world is taken from one that came to its end.
  const keep = atEnd("the world is kept", (w: World & Cast) => {
    ended = w;
    return true;
  });
  const scenario = defineScenario<World & Cast>({
    name: "alone",
    setup: () => {
      const w = new World(ops);
      return Object.assign(w, setup(w));
    },
    threads: {
      *only(w) {
        yield* body(w);
      },
    },
    daemons: { rcu: (w) => rcuCallbacks(w.rcu) },
    properties: [...allOracles, keep],
  });
  expectNoViolation(explore(scenario, exhaustive({ reduction: "sleep-sets" }), { stopAtFirst: false }));
  return ended!;
}

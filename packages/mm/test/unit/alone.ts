/** Runs a procedure alone in its world: one thread, one schedule, all oracles. */

import { defineFamily, type KernelOps, type World } from "@mmrace/mm";
import { exhaustive, explore, type Steps } from "@mmrace/scheduler";
import { expectNoViolation } from "@mmrace/scheduler/testing";

/** The world as the thread and the grace periods after it have left it, and what the thread came to. */
export function alone<W extends World, R>(
  kernel: string,
  setup: (kernel: KernelOps) => W,
  body: (w: W) => Steps<R>,
): { readonly w: W; readonly result: R } {
  const left: { w?: W; result?: R } = {};
  const family = defineFamily<W>({
    name: "alone",
    about: "one thread",
    kernelDefault: kernel,
    setup: (ops) => (left.w = setup(ops)),
    threads: {
      *alone(w) {
        left.result = yield* body(w);
      },
    },
    reaches: () => [],
  });
  const exploration = explore(family.on(kernel), exhaustive({ preemptionsMax: 0 }), { executionsMax: 1 });
  expectNoViolation(exploration);
  return { w: left.w!, result: left.result! };
}

/**
 * An enumerator that shares nothing with the engine: threads as lists of guarded steps over a plain state, walked in all
 * orders. Tests count a second time with it what a search has counted.
 */

import type { Counts } from "./tally.ts";

/** The answer of a step that cannot run now. */
export const WAIT = "wait";
/** The jump behind the last step. */
export const END = 99;

/** Changes the state; a number is the position of the thread's next step. A step that must wait changes nothing. */
export type MachineStep<S> = (state: S) => number | typeof WAIT | void;

/** The steps of one thread. */
export type Machine<S> = readonly MachineStep<S>[];

/** Walks all interleavings. An execution ends when nobody can step: in a deadlock, if somebody has steps left. */
export function countInterleavings<S>(start: S, machines: readonly Machine<S>[]): Counts {
  const counts = { executions: 0, deadlocks: 0 };
  const visit = (state: S, at: readonly number[]): void => {
    let canGo = false;
    for (const [id, machine] of machines.entries()) {
      const step = machine[at[id]!];
      if (step === undefined) continue;
      const after = structuredClone(state);
      const next = step(after);
      if (next === WAIT) continue;
      canGo = true;
      visit(after, at.with(id, next ?? at[id]! + 1));
    }
    if (canGo) return;
    counts.executions++;
    if (machines.some((machine, id) => at[id]! < machine.length)) counts.deadlocks++;
  };
  visit(
    start,
    machines.map(() => 0),
  );
  return counts;
}

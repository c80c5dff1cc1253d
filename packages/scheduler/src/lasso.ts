/** Lassos: executions that came to the step limit because they went round in a circle. */

import type { Ending } from "./outcome.ts";
import type { Operation } from "./operation.ts";
import type { ModelThread } from "./thread.ts";

interface Turn {
  readonly thread: ModelThread;
  readonly operation: Operation<unknown>;
  readonly result: unknown;
}

/** The second half of an execution that comes to the step limit. */
export class Lasso {
  /** Steps before this one are not looked at. */
  readonly from: number;
  readonly #turns: Turn[] = [];

  constructor(stepsMax: number) {
    this.from = stepsMax >> 1;
  }

  restart(): void {
    if (this.#turns.length > 0) this.#turns.length = 0;
  }

  /** Notes a performed step. */
  note(thread: ModelThread, operation: Operation<unknown>, result: unknown): void {
    this.#turns.push({ thread, operation, result });
  }

  /**
   * How an execution ends that got so far: a livelock, if all noted steps are one sequence over and over, at least three times, with the same results each time;
   * and if the sequence is fair: each thread that can run at the end takes a step in it.
   */
  ending(enabled: readonly ModelThread[]): Ending {
    const turns = this.#turns;
    let period = 1;
    while (period * 3 <= turns.length && !this.#repeats(period)) period++;
    if (period * 3 > turns.length) return { kind: "stepLimit" };
    const runners = new Set(turns.slice(-period).map(({ thread }) => thread));
    if (!enabled.every((thread) => runners.has(thread))) return { kind: "stepLimit" };
    const message = `the same ${period} steps over and over, with the same results, though every enabled thread ran`;
    return { kind: "livelock", oracle: "livelock", message };
  }

  #repeats(period: number): boolean {
    return this.#turns.every((turn, at) => at < period || isSame(turn, this.#turns[at - period]!));
  }
}

function isSame(a: Turn, b: Turn): boolean {
  return (
    a.thread === b.thread &&
    a.operation.site === b.operation.site &&
    a.operation.object === b.operation.object &&
    isEqual(a.operation.argument, b.operation.argument) &&
    isEqual(a.result, b.result)
  );
}

/** Lists are made anew for each operation. */
function isEqual(a: unknown, b: unknown): boolean {
  if (!Array.isArray(a) || !Array.isArray(b)) return Object.is(a, b);
  return a.length === b.length && a.every((value, at) => Object.is(value, b[at]));
}

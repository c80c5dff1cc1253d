/**
 * The other order of a race that an execution showed: its steps up to the race, then the thread that came first waits until
 * the other one has been there. The idea is RaceFuzzer's (Sen, "Race Directed Random Testing of Concurrent Programs", PLDI
 * 2008), on schedules that can be replayed.
 */

import { UsageError } from "../assert.ts";
import type { SchedulingPoint, Strategy } from "../strategy.ts";
import type { ModelThread } from "../thread.ts";
import { Layered } from "./layered.ts";
import { prefixed } from "./prefixed.ts";

/** An access of one thread at one site. */
export interface AccessPoint {
  /** The thread's id. */
  readonly thread: number;
  /** `Site.hash`. */
  readonly site: number;
}

/** Options of `forcedOrder`. */
export interface ForcedOrderOptions {
  /** The thread of each step of an execution that showed the race, at least up to the step that is to come later. */
  readonly choices: readonly number[];
  /** Its data choices, in their order. */
  readonly values: readonly number[];
  /** The step, from 0, that is to come later; its thread waits. */
  readonly step: number;
  /** What is to come before it. */
  readonly first: AccessPoint & { readonly location: number };
  /** Makes all choices that are not dictated. */
  readonly base: Strategy;
}

/**
 * One execution in which the race goes the other way, if it can: where only the waiting thread is left, it goes on.
 *
 * @throws {UsageError} when the step is not one of the execution.
 */
export function forcedOrder({ choices, values, step, first, base }: ForcedOrderOptions): Strategy {
  const waiting = choices[step];
  if (waiting === undefined)
    throw new UsageError(`The execution has the steps 0 to ${choices.length - 1}, not ${step}.`);
  return prefixed({ choices, values, steps: step, base: new Holding(waiting, first, base) });
}

/** Keeps a thread waiting until another one has made an access. */
class Holding extends Layered {
  readonly name = "holding";
  readonly #waiting: number;
  readonly #first: ForcedOrderOptions["first"];
  #isHolding = true;

  constructor(waiting: number, first: ForcedOrderOptions["first"], base: Strategy) {
    super(base);
    this.#waiting = waiting;
    this.#first = first;
  }

  override beginExecution(): boolean {
    this.#isHolding = true;
    return super.beginExecution();
  }

  override pickThread(point: SchedulingPoint): number {
    const id = super.pickThread(this.#narrowed(point));
    if (this.#isFirst(point.threads[id]!)) this.#isHolding = false;
    return id;
  }

  /** The same point without the thread that waits, unless no other can run. */
  #narrowed(point: SchedulingPoint): SchedulingPoint {
    if (!this.#isHolding) return point;
    const enabled = point.enabled.filter(({ id }) => id !== this.#waiting);
    if (enabled.length === 0) return point;
    const { threads, current } = point;
    return { threads, enabled, current: current?.id === this.#waiting ? undefined : current };
  }

  #isFirst({ id, pending }: ModelThread): boolean {
    const { thread, site, location } = this.#first;
    return id === thread && pending!.site!.hash === site && pending!.object.location === location;
  }
}

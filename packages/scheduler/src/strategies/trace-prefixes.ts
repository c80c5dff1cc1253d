/**
 * Beginnings of Mazurkiewicz traces, told apart exactly, and with how much of a budget the search has gone on from each.
 * For `boundedDpor`. The idea is the happens-before cache of Musuvathi and Qadeer, "Partial-Order Reduction for
 * Context-Bounded State Exploration", MSR-TR-2007-12.
 *
 * Two executions are one trace if they consist of the same steps with the same steps before each. So a step gets a number
 * that stands for its thread, its data choices and the steps that happen before it, and a trace is the list of the last
 * step of each thread.
 */

/** What is left of a budget, and which thread ran last: all that the rest of a bounded search depends on, but the state. */
export interface Visit {
  readonly last: number;
  readonly left: number;
}

/** The beginnings that a search has seen. */
export class TracePrefixes {
  readonly #sizeMax: number;
  readonly #steps = new Map<string, number>();
  readonly #visits = new Map<string, Visit[]>();

  /** @param sizeMax how many beginnings to remember. */
  constructor(sizeMax: number) {
    this.#sizeMax = sizeMax;
  }

  /** Whether there is no room for more; from then on nothing counts as seen. */
  get isFull(): boolean {
    return this.#steps.size + this.#visits.size >= this.#sizeMax;
  }

  /**
   * The number, from 1, of a step.
   *
   * @param before by thread, the number of its last step that happens before this one; 0 for none.
   */
  numberOf(thread: number, before: readonly number[], values: readonly number[]): number {
    const key = `${thread};${before.join()};${values.join()}`;
    let number = this.#steps.get(key);
    if (number === undefined) {
      number = this.#steps.size + 1;
      this.#steps.set(key, number);
    }
    return number;
  }

  /**
   * Whether an earlier visit of an equivalent beginning satisfies `affords`. If not, notes this one.
   *
   * @param start the data choices before the first step.
   * @param trace by thread, the number of its last step; 0 for none.
   */
  covers(
    start: readonly number[],
    trace: readonly number[],
    { last, left }: Visit,
    affords: (visit: Visit) => boolean,
  ): boolean {
    const key = `${start.join()};${trace.join()}`;
    const visits = this.#visits.get(key);
    if (visits === undefined) this.#visits.set(key, [{ last, left }]);
    else if (visits.some(affords)) return true;
    else visits.push({ last, left });
    return false;
  }
}

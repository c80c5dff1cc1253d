/** The step that is looked at: whoever moves it, all parts of a finding follow. */

/** A position in an execution. */
export class Cursor {
  /** Steps of the execution; at least one. */
  readonly steps: number;
  readonly #listeners: ((step: number) => void)[] = [];
  #step = 0;

  constructor(steps: number, step: number) {
    this.steps = steps;
    this.#step = this.#within(step);
  }

  get step(): number {
    return this.#step;
  }

  /** Moves it; outside of the execution it stops at the nearest step. */
  move(step: number): void {
    const next = this.#within(step);
    if (next === this.#step) return;
    this.#step = next;
    for (const listener of this.#listeners) listener(next);
  }

  /** Calls now, and whenever it has moved. */
  follow(listener: (step: number) => void): void {
    this.#listeners.push(listener);
    listener(this.#step);
  }

  #within(step: number): number {
    return Math.max(0, Math.min(Math.round(step), this.steps - 1));
  }
}

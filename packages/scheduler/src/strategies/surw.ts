/** SURW: uniform over the orders of a few interesting operations. Zhao et al., ASPLOS 2025, algorithm 1. */

import { Prng } from "../prng.ts";
import type { SchedulingPoint, Strategy } from "../strategy.ts";
import type { ModelThread } from "../thread.ts";
import { checkSampling, type SamplingOptions } from "./random.ts";
import { drawWeighted, StepCounts } from "./weights.ts";

/**
 * Each execution picks one location that at least two threads touch; the accesses to it are the interesting ones.
 * Which thread makes the next interesting access is drawn in proportion to how many it has left; threads that come to
 * theirs too early are held. Everything else follows random priorities, which a thread draws afresh for each operation.
 * So the orders of the accesses to the location are equally likely, and every interleaving stays possible.
 *
 * Counts come from a first execution under priorities alone, and are raised when an execution exceeds them. Locations
 * are told apart by number, so objects made in the middle of executions are counted less well than those of `setup`.
 * As in the authors' implementation only enabled threads are drawn, so that nobody is held for one that waits for a lock;
 * unlike there, a location with many accesses is as likely to be picked as one with few.
 */
export function surw(options: SamplingOptions): Strategy {
  return new Surw(options);
}

class Surw implements Strategy {
  readonly name = "surw";
  readonly isComplete = false;
  readonly #prng: Prng;
  /** By location, in the order in which they were first touched. */
  readonly #counts = new Map<number, StepCounts>();
  #executionsLeft: number;
  #threadsCount = 0;
  /** The interesting location; `undefined` when no two threads share one. */
  #location: number | undefined;
  /** By thread id, for its pending operation; 32 random bits. */
  #priorities: number[] = [];
  /** The thread that makes the next interesting access. */
  #intended: number | undefined;
  /** The threads that wait before an interesting access. */
  readonly #held = new Set<number>();

  constructor(options: SamplingOptions) {
    checkSampling("surw", options);
    this.#prng = new Prng(options.randomSeed);
    this.#executionsLeft = options.executionsMax;
  }

  beginExecution(): boolean {
    for (const counts of this.#counts.values()) counts.beginExecution();
    const shared = [...this.#counts.keys()].filter((location) => this.#isShared(location));
    this.#location = shared.length === 0 ? undefined : shared[this.#prng.below(shared.length)]!;
    this.#priorities = [];
    this.#release();
    return this.#executionsLeft-- > 0;
  }

  pickThread({ threads, enabled }: SchedulingPoint): number {
    this.#threadsCount = threads.length;
    if (this.#priorities.length === 0) this.#priorities = threads.map(() => this.#draw());
    const thread = this.#choose(enabled);
    this.#record(thread);
    this.#priorities[thread.id] = this.#draw();
    return thread.id;
  }

  pickValue(count: number): number {
    return this.#prng.below(count);
  }

  #draw(): number {
    return this.#prng.next() >>> 0;
  }

  #choose(enabled: readonly ModelThread[]): ModelThread {
    for (;;) {
      const thread = this.#highest(enabled);
      if (thread === undefined) {
        // All are held for one that cannot come any more.
        this.#release();
        continue;
      }
      if (!this.#isInteresting(thread)) return thread;
      this.#intended ??= this.#drawIntended(enabled);
      if (thread.id === this.#intended) {
        this.#release();
        return thread;
      }
      this.#held.add(thread.id);
    }
  }

  #release(): void {
    this.#intended = undefined;
    this.#held.clear();
  }

  #drawIntended(candidates: readonly ModelThread[]): number {
    const counts = this.#counts.get(this.#location!)!;
    const weights = candidates.map(({ id }) => counts.left(id));
    return candidates[drawWeighted(this.#prng, weights)]!.id;
  }

  #highest(enabled: readonly ModelThread[]): ModelThread | undefined {
    let best: ModelThread | undefined;
    for (const thread of enabled) {
      if (this.#held.has(thread.id)) continue;
      if (best === undefined || this.#priorities[thread.id]! > this.#priorities[best.id]!) best = thread;
    }
    return best;
  }

  #isInteresting({ pending }: ModelThread): boolean {
    return pending!.object.location === this.#location && pending!.kind.access !== "none";
  }

  #record({ id, pending }: ModelThread): void {
    const { location } = pending!.object;
    let counts = this.#counts.get(location);
    if (counts === undefined) this.#counts.set(location, (counts = new StepCounts()));
    counts.step(id);
  }

  #isShared(location: number): boolean {
    const counts = this.#counts.get(location)!;
    let users = 0;
    for (let id = 0; id < this.#threadsCount; id++) if (counts.most(id) > 0) users++;
    return users > 1;
  }
}

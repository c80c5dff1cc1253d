/**
 * Depth-first search over all schedules, by replay: each execution repeats the choices up to the last node that still
 * has an alternative, takes the alternative, and goes on with the thread that is running.
 *
 * - Plain: every interleaving, exactly once.
 * - Sleep sets (Godefroid, LNCS 1032, chapter 5): of the executions that differ only in the order of operations that
 *   commute, one. Every reachable state is still visited, so `always` properties lose nothing. Executions cut off
 *   because all enabled threads are asleep are *pruned* and counted apart.
 * - Preemption bound (Musuvathi and Qadeer, PLDI 2007): only schedules with at most so many preemptions. Not combined
 *   with sleep sets, which would make the bound unsound.
 */

import { UsageError } from "../assert.ts";
import { conflicts } from "../footprint.ts";
import { PRUNE, type SchedulingPoint, type Strategy } from "../strategy.ts";

/** Options of `exhaustive`. */
export interface ExhaustiveOptions {
  /** `none` (default) counts interleavings; `sleep-sets` explores one execution per Mazurkiewicz trace. */
  readonly reduction?: "none" | "sleep-sets";
  /** Explore only schedules with at most this many preemptions; 0 is allowed. Default: no bound. */
  readonly preemptionsMax?: number;
}

/** One choice on the path from the start to where the search is. Sets are bit sets over choices. */
interface Node {
  chosen: number;
  /** Choices that may be taken here. */
  readonly candidates: number;
  /** Choices already explored completely. */
  explored: number;
  /** Threads asleep on arrival; 0 without reduction and at data choices. */
  readonly asleep: number;
}

/** A search that visits every schedule, or one of each equivalence class, or every one within a bound. */
export function exhaustive(options: ExhaustiveOptions = {}): Strategy {
  return new Exhaustive(options);
}

/** Data choices share the bit sets of threads. */
const VALUES_MAX = 30;

class Exhaustive implements Strategy {
  readonly name: string;
  readonly preemptionsMax: number | undefined;
  readonly #isSleeping: boolean;
  readonly #path: Node[] = [];
  #depth = 0;
  #asleep = 0;
  #preemptions = 0;
  #hasStarted = false;
  #isExhausted = false;
  #hasCut = false;

  constructor(options: ExhaustiveOptions) {
    this.#isSleeping = options.reduction === "sleep-sets";
    this.preemptionsMax = options.preemptionsMax;
    this.name = this.#isSleeping
      ? "dfs with sleep sets"
      : this.preemptionsMax === undefined
        ? "dfs"
        : "bounded dfs";
    if (this.preemptionsMax === undefined) return;
    if (this.#isSleeping)
      throw new UsageError("exhaustive: a preemption bound with sleep sets would miss schedules.");
    if (!Number.isInteger(this.preemptionsMax) || this.preemptionsMax < 0) {
      throw new UsageError(
        `exhaustive: preemptionsMax must be 0 or a positive integer, not ${this.preemptionsMax}.`,
      );
    }
  }

  get isComplete(): boolean {
    return this.#isExhausted && !this.#hasCut;
  }

  beginExecution(): boolean {
    if (this.#hasStarted && !this.#backtrack()) return false;
    this.#hasStarted = true;
    this.#depth = this.#asleep = this.#preemptions = 0;
    return true;
  }

  pickThread(point: SchedulingPoint): number {
    if (this.#depth === this.#path.length) {
      const candidates = this.#candidates(point);
      if (candidates === 0) return PRUNE;
      const current = point.current?.id;
      const chosen =
        current !== undefined && (candidates & (1 << current)) !== 0 ? current : lowest(candidates);
      this.#path.push({ chosen, candidates, explored: 0, asleep: this.#asleep });
    }
    const node = this.#path[this.#depth++]!;
    if (isPreemption(point, node.chosen)) this.#preemptions++;
    if (this.#isSleeping) this.#asleep = stillAsleep(point, node);
    return node.chosen;
  }

  pickValue(count: number): number {
    if (this.#depth === this.#path.length) {
      if (count > VALUES_MAX)
        throw new UsageError(`Exhaustive search takes data choices of up to ${VALUES_MAX}, not ${count}.`);
      this.#path.push({ chosen: 0, candidates: (1 << count) - 1, explored: 0, asleep: 0 });
    }
    return this.#path[this.#depth++]!.chosen;
  }

  #candidates(point: SchedulingPoint): number {
    let candidates = 0;
    for (const { id } of point.enabled) candidates |= 1 << id;
    candidates &= ~this.#asleep;
    if (point.current === undefined || this.#preemptions !== this.preemptionsMax) return candidates;
    let stay = 1 << point.current.id;
    for (const { id, isHardware } of point.enabled) if (isHardware) stay |= 1 << id;
    if ((candidates & ~stay) !== 0) this.#hasCut = true;
    return candidates & stay;
  }

  /** Moves to the next unexplored alternative; false when there is none. */
  #backtrack(): boolean {
    for (let node = this.#path.at(-1); node !== undefined; node = this.#path.at(-1)) {
      node.explored |= 1 << node.chosen;
      const left = node.candidates & ~node.explored;
      if (left !== 0) {
        node.chosen = lowest(left);
        return true;
      }
      this.#path.pop();
    }
    this.#isExhausted = true;
    return false;
  }
}

/** Of the threads that sleep here or were explored here, those whose operation commutes with the chosen one. */
function stillAsleep(point: SchedulingPoint, node: Node): number {
  const operation = point.threads[node.chosen]!.pending!;
  let asleep = 0;
  for (let left = node.asleep | node.explored; left !== 0; left &= left - 1) {
    const id = lowest(left);
    if (id !== node.chosen && !conflicts(point.threads[id]!.pending!, operation)) asleep |= 1 << id;
  }
  return asleep;
}

/** Store buffers drain beside the threads: they preempt nobody. */
function isPreemption({ current, threads }: SchedulingPoint, chosen: number): boolean {
  return current !== undefined && current.id !== chosen && !threads[chosen]!.isHardware;
}

function lowest(set: number): number {
  return 31 - Math.clz32(set & -set);
}

/**
 * How large a search will be.
 *
 * - *Weighted backtracking* (Kilby, Slaney, Thiebaux and Walsh, "Estimating Search Tree Size", AAAI 2006) looks at a
 *   depth-first search on its way. A leaf of probability p, if one walks down at random, stands for 1/p leaves; weighting
 *   those visited by p makes the estimate their number divided by the sum of their p. That sum is the share of the tree
 *   that is done. Exact at the end; before that, it takes what is left for as bushy as what is done.
 * - *Random probing* (Knuth, "Estimating the Efficiency of Backtrack Programs", Mathematics of Computation 29, 1975) walks
 *   down at random and takes 1/p. Unbiased: each leaf is hit with probability p and then counts 1/p. It may vary much.
 */

import { UsageError } from "../assert.ts";
import { Prng } from "../prng.ts";
import type { SchedulingPoint, Strategy } from "../strategy.ts";
import { Exhaustive, type ExhaustiveOptions } from "../strategies/exhaustive.ts";
import type { Ending } from "../outcome.ts";
import type { ModelThread } from "../thread.ts";
import { sizeOf } from "./position.ts";

/**
 * The weighted-backtracking estimate of what a depth-first search will have counted at its end.
 *
 * @param counted executions, steps or the like, so far.
 * @param shareLeft the share of the tree that is left, 0 to 1; see `SplitProgress`.
 * @returns undefined while nothing is done.
 */
export function estimateTotal(counted: number, shareLeft: number): number | undefined {
  return shareLeft < 1 ? counted / (1 - shareLeft) : undefined;
}

/** Random probes of the tree of a search. */
export interface TreeProbes extends Strategy {
  /** The mean of the probes so far, an unbiased estimate: executions that the whole search runs to their end. */
  readonly executions: number;
  /** The same for executions that it cuts off. */
  readonly pruned: number;
}

/** Options of `treeProbes`: the search, and what probing needs. */
export interface TreeProbesOptions extends ExhaustiveOptions {
  /** Starts the random numbers; any integer. */
  readonly randomSeed: number;
  /** How many probes; a positive integer. */
  readonly probesMax: number;
}

/**
 * Walks down the tree of `exhaustive(options)` at random, as if everything before the walk had been explored, and
 * estimates its size. One execution is one probe.
 *
 * @throws {UsageError} when there are no probes to make, or for what `exhaustive` refuses.
 */
export function treeProbes(options: TreeProbesOptions): TreeProbes {
  return new Probes(options);
}

class Probes implements TreeProbes {
  readonly name = "tree probes";
  readonly isComplete = false;
  readonly #options: TreeProbesOptions;
  readonly #prng: Prng;
  #probe: Exhaustive;
  #begun = 0;
  #ended = 0;
  #leaves = { executions: 0, pruned: 0 };

  constructor(options: TreeProbesOptions) {
    if (!Number.isInteger(options.probesMax) || options.probesMax < 1)
      throw new UsageError(`treeProbes: probesMax must be a positive integer, not ${options.probesMax}.`);
    this.#options = options;
    this.#prng = new Prng(options.randomSeed);
    this.#probe = this.#newProbe();
  }

  get executions(): number {
    return this.#leaves.executions / this.#ended;
  }

  get pruned(): number {
    return this.#leaves.pruned / this.#ended;
  }

  beginExecution(): boolean {
    if (this.#begun === this.#options.probesMax) return false;
    this.#begun++;
    this.#probe = this.#newProbe();
    return this.#probe.beginExecution();
  }

  pickThread(point: SchedulingPoint): number {
    return this.#probe.pickThread(point);
  }

  pickValue(count: number): number {
    return this.#probe.pickValue(count);
  }

  endExecution(_threads: readonly ModelThread[], ending: Ending): void {
    const { path } = this.#probe.position;
    const leaves = path.reduce((product, { candidates }) => product * sizeOf(candidates), 1);
    this.#leaves[ending.kind === "pruned" ? "pruned" : "executions"] += leaves;
    this.#ended++;
  }

  #newProbe(): Exhaustive {
    return new Exhaustive(this.#options, undefined, (candidates) => this.#prng.below(sizeOf(candidates)));
  }
}

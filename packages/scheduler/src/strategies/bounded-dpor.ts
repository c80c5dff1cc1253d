/**
 * Partial-order reduction of a search within a bound, by replay. Coons, Musuvathi and McKinley, "Bounded Partial-Order
 * Reduction", OOPSLA 2013, for preemptions; the same for delays.
 *
 * What is reached with at most k preemptions is not what an execution of each trace reaches: the one that stands for a
 * trace may cost more than another one of it. So a node is explored in one way only if that costs nothing, and loses
 * nothing:
 *
 * - The way is the one of the bound that is free: the thread that is running, or the next one when it cannot run.
 * - Where its step turns out to be in a race with a later operation of another thread, the node is *opened*: every
 *   alternative within the bound is explored. With preemptions, so is the start of the block that the step belongs to,
 *   where changing threads costs nothing: the conservative point of the paper.
 *
 * Why that is enough: let an execution go on otherwise at a node that is not opened. The step that the search takes there,
 * or at the start of a block the whole block, is in no race with what the execution does first; put in front it leads to
 * an equivalent execution that costs no more. Only one step put in front of other threads' would cost a preemption at
 * the start of a block, but no delay. Costs depend on which threads can run, so an operation that may have to wait is
 * raced with every step that has to do with that, not only with its immediate predecessors.
 *
 * Second reduction: executions whose beginnings are equivalent, and leave as much of the budget, go on in one of them; see
 * trace-prefixes.ts. Its races are not known for the others, so all nodes of their paths are opened.
 */

import { UsageError } from "../assert.ts";
import type { Ending } from "../outcome.ts";
import { PRUNE, type ExplorationFacts, type SchedulingPoint, type Strategy } from "../strategy.ts";
import type { ModelThread } from "../thread.ts";
import { BoundedRaces, SOUND_BOUNDED_RULES, type BoundedRules, type Node } from "./bounded-races.ts";
import { checkBound, DelayBound, lowest, PreemptionBound, setOf, type Bound } from "./bounds.ts";
import type { DporOptions } from "./dpor.ts";
import { VALUES_MAX } from "./exhaustive.ts";
import { TracePrefixes } from "./trace-prefixes.ts";

/** Options of `boundedDpor`: one bound, and what else to promise. */
export type BoundedDporOptions = DporOptions & {
  /**
   * How many beginnings of executions, and steps, the search remembers, of about 150 bytes each. When there are more, it
   * stays sound and repeats itself. Default: 2,000,000.
   */
  readonly prefixesMax?: number;
} & ({ readonly preemptionsMax: number } | { readonly delaysMax: number });

const PREFIXES_MAX = 2_000_000;

/**
 * Finds what `exhaustive` finds within the same bound, in fewer executions: every final state, every deadlock and livelock,
 * every broken `atEnd` property and every violation that an operation or the model reports, of all schedules with at most
 * so many preemptions or delays. Where an `always`, `never` or `sometimes` property watches the states in between (see
 * `DporOptions.properties`), no state within the bound is left out, and only the second reduction remains.
 *
 * Works with all operations, memory models and gates. There is the less to gain the more operations can wait.
 *
 * @throws {UsageError} unless the options name one bound, 0 or a positive integer.
 */
export function boundedDpor(options: BoundedDporOptions): Strategy {
  return new BoundedDpor(options, SOUND_BOUNDED_RULES);
}

/** @internal Tests make it with weaker rules. */
export class BoundedDpor implements Strategy {
  readonly name: string;
  readonly preemptionsMax: number | undefined;
  readonly delaysMax: number | undefined;
  readonly #rules: BoundedRules;
  readonly #bound: Bound;
  readonly #races: BoundedRaces;
  readonly #prefixes: TracePrefixes;
  readonly #path: Node[] = [];
  #block: Node | undefined;
  #visitsEveryState: boolean;
  #depth = 0;
  #hasStarted = false;
  #isExhausted = false;
  #hasCut = false;

  constructor(options: BoundedDporOptions, rules: BoundedRules) {
    const { preemptionsMax, delaysMax } = options as { preemptionsMax?: number; delaysMax?: number };
    this.preemptionsMax = preemptionsMax;
    this.delaysMax = delaysMax;
    this.name = delaysMax === undefined ? "bounded dpor" : "delay-bounded dpor";
    this.#bound = boundOf(preemptionsMax, delaysMax);
    const { prefixesMax = PREFIXES_MAX, properties } = options;
    checkBound("boundedDpor: prefixesMax", prefixesMax);
    this.#prefixes = new TracePrefixes(prefixesMax);
    this.#visitsEveryState = properties !== "final-states";
    this.#rules = rules;
    this.#races = new BoundedRaces(rules);
  }

  get isComplete(): boolean {
    return this.#isExhausted && !this.#hasCut;
  }

  get isRetracing(): boolean {
    return this.#depth < this.#path.length;
  }

  beginExploration(facts: ExplorationFacts): void {
    this.#visitsEveryState &&= facts.watchesEveryState;
  }

  beginExecution(): boolean {
    if (this.#hasStarted && !this.#toNextAlternative()) return false;
    this.#hasStarted = true;
    this.#depth = 0;
    this.#races.restart();
    this.#block = undefined;
    this.#bound.beginExecution();
    return true;
  }

  pickThread(point: SchedulingPoint): number {
    if (this.#depth === this.#path.length && !this.#extend(point)) return PRUNE;
    const node = this.#path[this.#depth++]!;
    const { chosen } = node;
    const { threads } = point;
    if (this.#isNewBlock(threads[chosen]!)) this.#block = undefined;
    this.#block ??= node;
    node.step ??= this.#races.analyse(node, this.#block, threads[chosen]!, threads.length);
    this.#races.push(node.step);
    this.#bound.take(point, chosen);
    return chosen;
  }

  /** Delaying a thread costs the same anywhere in its block, so there every step is a block of its own. */
  #isNewBlock({ id, isHardware }: ModelThread): boolean {
    return this.delaysMax !== undefined || (this.#bound.last !== id && !isHardware);
  }

  pickValue(count: number): number {
    if (this.#depth === this.#path.length) {
      if (count > VALUES_MAX)
        throw new UsageError(`Exhaustive search takes data choices of up to ${VALUES_MAX}, not ${count}.`);
      const allowed = (1 << count) - 1;
      this.#path.push({ chosen: 0, allowed, isCut: false, isOpen: true, explored: 0, step: undefined });
    }
    return this.#path[this.#depth++]!.chosen;
  }

  endExecution(threads: readonly ModelThread[], ending: Ending): void {
    const { last } = this.#races;
    if (ending.kind === "pruned" || last === undefined) return;
    // Where threads could have gone on, a violation or the step limit has cut them off.
    const isCut = threads.some(({ isEnabled }) => isEnabled);
    if (isCut && this.#rules.weighsCuts) this.#races.open(last);
    if (this.#rules.weighsWaiting) this.#races.analyseWaiting(threads);
  }

  /** Opens a node for a choice that no execution has made yet; false when all that follows has been explored. */
  #extend(point: SchedulingPoint): boolean {
    if (this.#isCovered(point)) {
      if (this.#rules.opensPruned) for (const node of this.#path) node.isOpen = true;
      return false;
    }
    const allowed = this.#bound.allowed(point);
    this.#path.push({
      chosen: this.#bound.first(point, allowed),
      allowed,
      isCut: allowed !== setOf(point.enabled),
      isOpen: this.#visitsEveryState,
      explored: 0,
      step: undefined,
    });
    return true;
  }

  #isCovered(point: SchedulingPoint): boolean {
    const { first, last } = this.#races;
    if (last === undefined || this.#prefixes.isFull) return false;
    const values = this.#valuesBefore(this.#path.length);
    last.number = this.#prefixes.numberOf(last.thread, this.#races.numbersBefore(last), values);
    // Threads may have made data choices before their first steps.
    const start = this.#valuesBefore(this.#path.indexOf(first!.node));
    return this.#prefixes.covers(start, this.#races.numbers(), this.#bound, (visit) =>
      this.#rules.affords(visit, this.#bound, point),
    );
  }

  /** The data choices right before a position of the path, last one first. */
  #valuesBefore(position: number): readonly number[] {
    const values: number[] = [];
    for (let at = position - 1; at >= 0 && this.#path[at]!.step === undefined; at--)
      values.push(this.#path[at]!.chosen);
    return values;
  }

  /** Moves to the deepest alternative that is left; false when there is none. */
  #toNextAlternative(): boolean {
    for (let node = this.#path.at(-1); node !== undefined; node = this.#path.at(-1)) {
      node.explored |= 1 << node.chosen;
      const left = node.isOpen ? node.allowed & ~node.explored : 0;
      if (left !== 0) {
        node.chosen = lowest(left);
        node.step = undefined;
        return true;
      }
      if (node.isOpen && node.isCut) this.#hasCut = true;
      this.#path.pop();
    }
    this.#isExhausted = true;
    return false;
  }
}

function boundOf(preemptionsMax: number | undefined, delaysMax: number | undefined): Bound {
  if ((preemptionsMax === undefined) === (delaysMax === undefined))
    throw new UsageError("boundedDpor: name preemptionsMax or delaysMax, one of them.");
  if (preemptionsMax !== undefined) {
    checkBound("boundedDpor: preemptionsMax", preemptionsMax);
    return new PreemptionBound(preemptionsMax);
  }
  checkBound("boundedDpor: delaysMax", delaysMax!);
  return new DelayBound(delaysMax!);
}

/**
 * Dynamic partial-order reduction: source-DPOR with sleep sets, by replay. Abdulla, Aronis, Jonsson and Sagonas,
 * "Optimal Dynamic Partial Order Reduction", POPL 2014, algorithm 1. The races are found in races.ts.
 *
 * Beyond the paper, whose threads never block one another:
 *
 * - A blocked thread is raced with every earlier step that may have blocked it: when it goes on, not only with the
 *   immediate predecessors, and when an execution ends, even one that sleep sets cut off.
 * - Why trying one initial of the reversed race is still enough: steps that are free of the race but conflict with the
 *   blocked one belong to threads that were not asleep. Of the threads tried at a node take the last one tried; all the
 *   others sleep below it, so none of them can stand in for the blocked one there.
 * - A violation ends an execution before the other threads are done, so all alternatives of its last step are tried.
 */

import { UsageError } from "../assert.ts";
import { footprintOf } from "../footprint.ts";
import type { Ending } from "../outcome.ts";
import { PRUNE, type ExplorationFacts, type SchedulingPoint, type Strategy } from "../strategy.ts";
import type { ModelThread } from "../thread.ts";
import { lowest, setOf } from "./bounds.ts";
import { Races, SOUND_RULES, type DporRules, type Node } from "./races.ts";
import { RoleGuard } from "./role-guard.ts";

/** Options of `dpor`. */
export interface DporOptions {
  /**
   * Which states must be visited. `every-state` (default) keeps all of them when the scenario has an `always`, `never`
   * or `sometimes` property, by exploring like `exhaustive({ reduction: "sleep-sets" })`; without such properties it
   * makes no difference. `final-states` reduces in any case: then such properties are only checked where the search
   * happens to pass, and a clean result says nothing about them.
   */
  readonly properties?: "every-state" | "final-states";
}

/**
 * Explores at least one execution of each Mazurkiewicz trace, and skips most of the executions that sleep sets alone
 * begin and then cut off. Finds every final state, every deadlock and livelock, every broken `atEnd` property and every
 * violation that an operation or the model reports. Unlike sleep sets alone it does *not* visit every state in between;
 * see `DporOptions.properties` for what it does when a property looks at those.
 *
 * A strategy that was not told about the properties (it is driven without `explore`) visits every state.
 */
export function dpor(options: DporOptions = {}): Strategy {
  return new Dpor(options, SOUND_RULES);
}

/** Data choices share the bit sets of threads. */
const VALUES_MAX = 30;

/** @internal Tests make it with weaker rules. */
export class Dpor implements Strategy {
  readonly name = "dpor";
  readonly #rules: DporRules;
  readonly #races: Races;
  readonly #path: Node[] = [];
  readonly #roles = new RoleGuard("dpor");
  #visitsEveryState: boolean;
  #depth = 0;
  /** Position of the last node whose step is known from an earlier execution: who sleeps behind nodes before it is known. */
  #lastAnalysed = -1;
  #asleep = 0;
  #hasStarted = false;
  #isExhausted = false;

  constructor({ properties = "every-state" }: DporOptions, rules: DporRules) {
    this.#rules = rules;
    this.#races = new Races(rules);
    this.#visitsEveryState = properties !== "final-states";
  }

  get isComplete(): boolean {
    return this.#isExhausted;
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
    this.#depth = this.#asleep = 0;
    this.#lastAnalysed = this.#path.findLastIndex(({ event }) => event !== undefined);
    this.#roles.restart();
    this.#races.restart();
    return true;
  }

  /** @throws {UsageError} when operations break what `Role` promises. */
  pickThread(point: SchedulingPoint): number {
    this.#roles.check();
    if (this.#depth === this.#path.length && !this.#extend(point)) return PRUNE;
    const node = this.#path[this.#depth++]!;
    if (!this.#visitsEveryState) {
      const operation = point.threads[node.chosen]!.pending!;
      node.event ??= this.#races.analyse(node.chosen, operation, point.threads.length, node);
      this.#races.push(node.event);
      if (node.event.role === "release") this.#roles.suspect(point, node.chosen);
    }
    if (this.#depth > this.#lastAnalysed) this.#fallAsleep(point, node);
    return node.chosen;
  }

  pickValue(count: number): number {
    if (this.#depth === this.#path.length) {
      if (count > VALUES_MAX)
        throw new UsageError(`Exhaustive search takes data choices of up to ${VALUES_MAX}, not ${count}.`);
      const all = (1 << count) - 1;
      this.#path.push({
        chosen: 0,
        enabled: all,
        asleep: 0,
        backtrack: all,
        explored: 0,
        event: undefined,
      });
    }
    return this.#path[this.#depth++]!.chosen;
  }

  endExecution(threads: readonly ModelThread[], ending: Ending): void {
    if (ending.kind !== "violation") this.#roles.check();
    if (this.#visitsEveryState) return;
    // Where threads could have gone on, a violation or the step limit has cut them off.
    if (ending.kind !== "pruned" && threads.some(({ isEnabled }) => isEnabled)) this.#noteCut();
    // In a pruned execution as well: what goes on after it is explored elsewhere, but not what its steps have blocked.
    if (!this.#rules.weighsWaiting) return;
    for (const { id, pending, isEnabled } of threads) {
      if (pending !== undefined && !isEnabled) this.#races.analyse(id, pending, threads.length, undefined);
    }
  }

  /** Opens a node for a choice that no execution has made yet; false when every enabled thread is asleep. */
  #extend({ enabled: threads, current }: SchedulingPoint): boolean {
    const enabled = setOf(threads);
    const candidates = enabled & ~this.#asleep;
    if (candidates === 0) return false;
    const stays = current !== undefined && (candidates & (1 << current.id)) !== 0;
    const chosen = stays ? current.id : lowest(candidates);
    const backtrack = this.#visitsEveryState ? enabled : 1 << chosen;
    this.#path.push({
      chosen,
      enabled,
      asleep: this.#asleep,
      backtrack,
      explored: 0,
      event: undefined,
    });
    return true;
  }

  /** Of the threads that sleep at the node or were explored there, keeps those whose operation commutes with the step. */
  #fallAsleep(point: SchedulingPoint, node: Node): void {
    let left = (node.asleep | node.explored) & ~(1 << node.chosen);
    this.#asleep = 0;
    if (left === 0) return;
    const step = footprintOf(point.threads[node.chosen]!.pending!);
    let asleep = 0;
    for (; left !== 0; left &= left - 1) {
      const id = lowest(left);
      if (!this.#rules.conflict(footprintOf(point.threads[id]!.pending!), step)) asleep |= 1 << id;
    }
    this.#asleep = asleep;
  }

  #noteCut(): void {
    const node = this.#path.slice(0, this.#depth).findLast(({ event }) => event !== undefined);
    if (node === undefined || !this.#rules.weighsCuts) return;
    node.backtrack |= node.enabled;
  }

  /** Moves to the deepest alternative that is left; false when there is none. */
  #toNextAlternative(): boolean {
    for (let node = this.#path.at(-1); node !== undefined; node = this.#path.at(-1)) {
      node.explored |= 1 << node.chosen;
      const left = node.backtrack & ~node.explored & ~node.asleep;
      if (left !== 0) {
        node.chosen = lowest(left);
        node.event = undefined;
        return true;
      }
      this.#path.pop();
    }
    this.#isExhausted = true;
    return false;
  }
}

/**
 * Optimal dynamic partial-order reduction, by replay: one execution of each Mazurkiewicz trace, and none begun in vain.
 * Abdulla, Aronis, Jonsson and Sagonas, "Source Sets: A Foundation for Optimal Dynamic Partial Order Reduction", JACM
 * 64(4), 2017, algorithm 2 (POPL 2014, algorithm 2). Races are found in races.ts, turned around in reversal.ts, and what
 * comes of it is kept in wakeup-tree.ts.
 *
 * Where a node of the search remembers threads in source-DPOR, here it remembers sequences of steps. They are made when an
 * execution has ended, so they contain all that the execution did independently of the race; a sequence is kept only if
 * no thread that sleeps at the node could stand in for it, so whoever sleeps is woken on the way.
 *
 * Beyond the paper, whose threads never block one another:
 *
 * - A blocked operation is raced with every earlier step that may have blocked it, as in `dpor`, and is not put before a
 *   step where it certainly could not run. Where that is not certain, a sequence may get stuck. The search then goes on
 *   as it likes from there, and may end up where everybody sleeps: a pruned execution. For soundness, its races count.
 * - A violation ends an execution before the other threads are done, so all alternatives of its last step are tried, and
 *   the step itself never stands before the later step of a race.
 * - Data choices belong to the step that makes them. All values are tried, those that a sequence asks for with the rest
 *   of the sequence.
 */

import { UsageError } from "../assert.ts";
import type { Ending } from "../outcome.ts";
import { PRUNE, type ExplorationFacts, type SchedulingPoint, type Strategy } from "../strategy.ts";
import type { ModelThread } from "../thread.ts";
import { DataChoices } from "./data-choices.ts";
import type { DporOptions } from "./dpor.ts";
import { exhaustive } from "./exhaustive.ts";
import { Races, SOUND_RULES, type DporRules } from "./races.ts";
import {
  performedStep,
  Reversals,
  sightingOf,
  type Later,
  type PerformedStep,
  type Sighting,
} from "./reversal.ts";
import { RoleGuard } from "./role-guard.ts";
import { Sleepers } from "./sleepers.ts";
import { areCompatible, WakeupTrees, type Branch } from "./wakeup-tree.ts";

/** Options of `optimalDpor`. */
export interface OptimalDporOptions extends DporOptions {
  /**
   * How many steps the wakeup trees of the whole search may hold at a time. When they get larger, the search goes on as
   * source-DPOR: it stays sound and complete, and prunes executions. 0 makes it source-DPOR from the start. Default:
   * 1,000,000 steps of about 120 bytes each; lastzero(10) of the literature needs 12,140.
   */
  readonly wakeupTreeNodesMax?: number;
}

/** What `optimalDpor` makes. */
export interface OptimalDporStrategy extends Strategy {
  /** Whether the wakeup trees got larger than allowed, so that the search is not optimal any more. */
  readonly hasFallenBack: boolean;
}

/**
 * Explores exactly one execution of each Mazurkiewicz trace. Promises what `dpor` promises: every final state, every
 * deadlock and livelock, every broken `atEnd` property and every violation that an operation or the model reports, but
 * not every state in between; where a property looks at those, it searches like `exhaustive({ reduction: "sleep-sets" })`.
 *
 * It prunes no execution, except in these cases, where it cannot know in advance what will happen:
 *
 * - Operations block in other ways than locks do (`isEnabled` without a `role`), pauses such as `cpuRelax` sometimes
 *   included; or a lock is never released.
 * - Operations report violations, or executions reach the step limit.
 * - What an operation touches depends on a state (`accessNow`, `touches`) in which it was never seen pending, as under
 *   `tso`.
 * - The wakeup trees outgrew `wakeupTreeNodesMax`.
 */
export function optimalDpor(options: OptimalDporOptions = {}): OptimalDporStrategy {
  return new OptimalDpor(options, SOUND_RULES);
}

const WAKEUP_TREE_NODES_MAX = 1_000_000;

/** A choice of a thread on the path from the start to where the search is. */
interface Node {
  /** Threads asleep on arrival, and those explored here since. */
  readonly sleepers: Sleepers;
  /** What is explored here: the first branch is where the search is, the others are its wakeup tree. */
  readonly branches: Branch[];
  /** The data choices of the step. */
  readonly choices: DataChoices;
}

/** @internal Tests make it with weaker rules. */
export class OptimalDpor implements OptimalDporStrategy {
  readonly name = "optimal dpor";
  readonly #rules: DporRules;
  readonly #races: Races;
  readonly #trees: WakeupTrees;
  readonly #roles = new RoleGuard("optimalDpor");
  readonly #path: Node[] = [];
  /** By position on the path, as are the sightings. */
  readonly #steps: PerformedStep[] = [];
  readonly #sightings: Sighting[] = [];
  readonly #reversals: Reversals;
  /** Data choices that threads make before their first operation. */
  readonly #startChoices = new DataChoices();
  /** What searches instead when every state must be visited. */
  #everyState: Strategy | undefined;
  #depth = 0;
  #choicesMade = 0;
  #hasStarted = false;
  #isExhausted = false;

  constructor(options: OptimalDporOptions, rules: DporRules) {
    const { properties = "every-state", wakeupTreeNodesMax = WAKEUP_TREE_NODES_MAX } = options;
    if (!Number.isInteger(wakeupTreeNodesMax) || wakeupTreeNodesMax < 0) {
      throw new UsageError(
        `optimalDpor: wakeupTreeNodesMax must be 0 or a positive integer, not ${wakeupTreeNodesMax}.`,
      );
    }
    this.#rules = rules;
    this.#races = new Races(rules);
    this.#trees = new WakeupTrees(rules.conflict, wakeupTreeNodesMax);
    this.#reversals = new Reversals(rules.conflict, this.#steps, this.#sightings);
    if (properties === "every-state") this.#everyState = exhaustive({ reduction: "sleep-sets" });
  }

  get isComplete(): boolean {
    return this.#everyState?.isComplete ?? this.#isExhausted;
  }

  get hasFallenBack(): boolean {
    return this.#everyState === undefined && this.#trees.isOverfull;
  }

  get isRetracing(): boolean {
    return this.#everyState?.isRetracing ?? this.#depth < this.#path.length;
  }

  beginExploration(facts: ExplorationFacts): void {
    if (!facts.watchesEveryState) this.#everyState = undefined;
  }

  beginExecution(): boolean {
    if (this.#everyState !== undefined) return this.#everyState.beginExecution();
    if (this.#hasStarted && !this.#toNextAlternative()) return false;
    this.#hasStarted = true;
    this.#depth = this.#choicesMade = 0;
    this.#roles.restart();
    this.#races.restart();
    return true;
  }

  /** @throws {UsageError} when operations break what `Role` promises. */
  pickThread(point: SchedulingPoint): number {
    if (this.#everyState !== undefined) return this.#everyState.pickThread(point);
    this.#roles.check();
    if (this.#depth === this.#path.length && !this.#extend(point)) return PRUNE;
    const { branches, choices } = this.#path[this.#depth]!;
    const { thread } = branches[0]!;
    if (this.#depth === this.#steps.length) {
      const step = performedStep(this.#races, point, thread, choices.values);
      this.#steps.push(step);
      if (step.event.role === "release") this.#roles.suspect(point, thread);
    }
    this.#races.push(this.#steps[this.#depth++]!.event);
    this.#choicesMade = 0;
    return thread;
  }

  pickValue(count: number): number {
    if (this.#everyState !== undefined) return this.#everyState.pickValue(count);
    const at = this.#choicesMade++;
    if (this.#depth === 0) return this.#startChoices.pick(at, count);
    const { branches, choices } = this.#path[this.#depth - 1]!;
    return choices.pick(at, count, branches[0]!.values[at]);
  }

  endExecution(threads: readonly ModelThread[], ending: Ending): void {
    if (this.#everyState !== undefined) return;
    if (ending.kind !== "violation") this.#roles.check();
    // Where threads could have gone on, a violation or the step limit has cut them off.
    const isCut = ending.kind !== "pruned" && threads.some(({ isEnabled }) => isEnabled);
    if (isCut && this.#rules.weighsCuts) this.#noteCut();
    const end = isCut ? this.#depth - 1 : this.#depth;
    for (let position = 0; position < this.#steps.length; position++) {
      const { event, operation, kind, races } = this.#steps[position]!;
      for (const first of races) this.#reverse(first, { position, event, operation, kind }, end);
    }
    if (!this.#rules.weighsWaiting) return;
    for (const { id, pending, isEnabled } of threads) {
      if (pending === undefined || isEnabled) continue;
      const { event, races } = this.#races.find(id, pending, threads.length, undefined);
      const later = { position: this.#depth, event, operation: pending, kind: pending.kind };
      for (const first of races) this.#reverse(first, later, end);
    }
  }

  /** Makes sure that some execution has the later step before the one at `first`. */
  #reverse(first: number, later: Later, end: number): void {
    const { branches, sleepers } = this.#path[first]!;
    if (this.#trees.isOverfull) {
      const sequence = this.#reversals.sequence(first, later, Math.min(later.position, end));
      if (sequence !== undefined)
        this.#trees.insertStep(branches, sleepers.threads, sequence, later.event.thread);
      return;
    }
    const sequence = this.#reversals.sequence(first, later, end);
    if (sequence !== undefined && !sleepers.cover(sequence)) this.#trees.insert(branches, 1, sequence);
  }

  /** Opens a node for a choice that no execution has made yet; false when every enabled thread is asleep. */
  #extend(point: SchedulingPoint): boolean {
    const sighting = sightingOf(point);
    const sleepers = this.#sleepersHere();
    const candidates = sighting.enabled & ~sleepers.threads;
    const branches = this.#branchesHere(candidates);
    if (candidates === 0) return false;
    if (branches.length > 0) this.#trees.take();
    else {
      sleepers.becomeOverdue();
      const stays = point.current !== undefined && (candidates & (1 << point.current.id)) !== 0;
      branches.push(freshBranch(stays ? point.current.id : lowest(candidates)));
    }
    this.#path.push({ sleepers, branches, choices: new DataChoices() });
    this.#sightings.push(sighting);
    return true;
  }

  #sleepersHere(): Sleepers {
    const step = this.#steps.at(-1);
    return step === undefined ? new Sleepers(this.#rules.conflict) : this.#path.at(-1)!.sleepers.after(step);
  }

  /** Takes over what the wakeup tree has to say about this node, as far as it can be done. */
  #branchesHere(candidates: number): Branch[] {
    const branches: Branch[] = [];
    for (const branch of this.#path.at(-1)?.branches[0]!.children.splice(0) ?? []) {
      if ((candidates & (1 << branch.thread)) !== 0) branches.push(branch);
      else this.#trees.discard(branch);
    }
    return branches;
  }

  /** Has every other enabled thread tried instead of the last step. */
  #noteCut(): void {
    const node = this.#path.at(-1);
    if (node === undefined) return;
    for (let left = this.#sightings.at(-1)!.enabled & ~node.sleepers.threads; left !== 0; left &= left - 1) {
      const thread = lowest(left);
      if (!node.branches.some((branch) => branch.thread === thread))
        this.#trees.append(node.branches, thread);
    }
  }

  /** Moves to the deepest alternative that is left; false when there is none. */
  #toNextAlternative(): boolean {
    for (let node = this.#path.at(-1); node !== undefined; node = this.#path.at(-1)) {
      if (node.choices.advance()) {
        this.#followValues(node);
        return true;
      }
      if (this.#toNextBranch(node)) return true;
      this.#path.pop();
      this.#sightings.pop();
    }
    this.#isExhausted = !this.#startChoices.advance();
    return !this.#isExhausted;
  }

  /** Goes on with the branch that asks for the data choices that come next, if there is one. */
  #followValues({ branches, choices: { values } }: Node): void {
    const { thread } = branches[0]!;
    const at = branches.findIndex(
      (branch, i) => i > 0 && branch.thread === thread && areCompatible(branch.values, values),
    );
    if (at > 0) this.#trees.take();
    branches[0] = at > 0 ? branches.splice(at, 1)[0]! : freshBranch(thread);
  }

  /** Puts the thread of the first branch to sleep and moves to the next branch; false when there is none. */
  #toNextBranch(node: Node): boolean {
    const { thread, footprint } = this.#steps.pop()!;
    node.sleepers.add(thread, footprint);
    node.branches.shift();
    // Other branches of the thread asked for data choices that did not come up.
    for (let at = node.branches.length - 1; at >= 0; at--) {
      if (node.branches[at]!.thread === thread) this.#trees.discard(node.branches.splice(at, 1)[0]!);
    }
    if (node.branches.length === 0) return false;
    this.#trees.take();
    return true;
  }
}

/** A branch of which no wakeup tree knows: to be explored at once, and then in any way. */
function freshBranch(thread: number): Branch {
  return { thread, footprint: undefined, values: [], children: [] };
}

function lowest(set: number): number {
  return 31 - Math.clz32(set & -set);
}

/**
 * Happens-before and races of one execution, for `dpor`. The second half of source-DPOR: which alternatives a step asks
 * for at earlier nodes. Not needed for a first reading.
 *
 * Terms as in Abdulla, Aronis, Jonsson and Sagonas, "Optimal Dynamic Partial Order Reduction", POPL 2014, section 4.
 */

import { footprintOf, footprintsConflict, isBlockable, type Footprint } from "../footprint.ts";
import type { Operation, Role } from "../operation.ts";

/** A choice on the path from the start to where the search is. Sets are bit sets over threads, or over values. */
export interface Node {
  chosen: number;
  readonly enabled: number;
  /** Threads asleep on arrival; 0 at data choices. */
  readonly asleep: number;
  /** Choices to be explored here; grows while the search is below. */
  backtrack: number;
  /** Choices already explored completely. */
  explored: number;
  /** The step that `chosen` stands for, once it was analysed; absent at data choices. */
  event: Event | undefined;
}

/** A performed step, or one that a blocked thread would like to perform. */
export interface Event {
  readonly thread: number;
  /** 1, 2, ... among the steps of the thread. */
  readonly ordinal: number;
  readonly footprint: Footprint;
  /**
   * Of an operation that may have to wait after all, none: it has not acquired anything when it is performed. None behind
   * a gate either: what waits there need not wait for the lock.
   */
  readonly role: Role | undefined;
  /** Whether steps of other threads may disable it. */
  readonly isBlocking: boolean;
  /** By thread id, the ordinal of that thread's last step that happens before this one, itself included. */
  readonly clock: readonly number[];
  readonly node: Node | undefined;
}

/** What the search stands on. Tests weaken one at a time and watch a final state get lost. */
export interface DporRules {
  /** Whether the order of two steps can matter. */
  readonly conflict: (a: Footprint, b: Footprint) => boolean;
  /** Whether threads that still wait when an execution ends are raced with what blocked them. */
  readonly weighsWaiting: boolean;
  /** Whether a step that had to wait is raced with more than its immediate predecessors. */
  readonly weighsDistant: boolean;
  /** Whether what a violation cut off is explored. */
  readonly weighsCuts: boolean;
}

/** All of them. */
export const SOUND_RULES: DporRules = {
  conflict: footprintsConflict,
  weighsWaiting: true,
  weighsDistant: true,
  weighsCuts: true,
};

/** The steps of the running execution so far. */
export class Races {
  readonly #rules: DporRules;
  readonly #events: Event[] = [];
  /** By thread id. */
  #last: (Event | undefined)[] = [];

  constructor(rules: DporRules) {
    this.#rules = rules;
  }

  restart(): void {
    this.#events.length = 0;
    this.#last = [];
  }

  /** Appends a step that was analysed before. */
  push(event: Event): void {
    this.#events.push(event);
    this.#last[event.thread] = event;
  }

  /**
   * Finds the races of a thread's pending operation with earlier steps, and asks for their reversal at the nodes of
   * those steps. `node` is absent when the thread is blocked: then the operation does not become a step.
   */
  analyse(thread: number, operation: Operation<unknown>, threads: number, node: Node | undefined): Event {
    const { event, races } = this.find(thread, operation, threads, node);
    for (const at of races) this.#reverse(at, event);
    return event;
  }

  /** Only finds the races: the step, and the positions of the earlier ones it races with, latest first. */
  find(
    thread: number,
    operation: Operation<unknown>,
    threads: number,
    node: Node | undefined,
  ): { readonly event: Event; readonly races: readonly number[] } {
    const before = this.#last[thread];
    const past = before?.clock ?? Array.from({ length: threads }, () => 0);
    const clock = [...past];
    const { role, thenWait } = operation.kind;
    // A gate may keep any operation of its threads waiting, for reasons that a role says nothing about.
    const isGated = operation.thread?.gate !== undefined;
    const event: Event = {
      thread,
      ordinal: (before?.ordinal ?? 0) + 1,
      footprint: footprintOf(operation),
      role: thenWait === undefined && !isGated ? role : undefined,
      isBlocking: isGated || isBlockable(operation.kind, operation.thread),
      clock,
      node,
    };
    const races = this.#findRaces(event, past, clock);
    clock[thread] = event.ordinal;
    return { event, races };
  }

  /** Positions of the steps that `event` races with, latest first; joins what happens before it into `clock`. */
  #findRaces(event: Event, past: readonly number[], clock: number[]): number[] {
    const races: number[] = [];
    let isSettled = !event.isBlocking || !this.#rules.weighsDistant;
    for (let at = this.#events.length - 1; at >= 0; at--) {
      const other = this.#events[at]!;
      if (other.thread === event.thread || past[other.thread]! >= other.ordinal) continue;
      if (!this.#rules.conflict(other.footprint, event.footprint)) continue;
      // An immediate predecessor: none between the two happens after the one and before the other.
      const isImmediate = clock[other.thread]! < other.ordinal;
      if (isImmediate) join(clock, other.clock);
      const isSameLock =
        event.role === "acquire" && other.footprint.object.location === event.footprint.object.location;
      // What waits for a release cannot run before it.
      if (isSameLock && event.isBlocking && other.role === "release") continue;
      if (isImmediate || !isSettled) races.push(at);
      // Before an exclusive holder came, the lock was free: earlier holders race with this one, and not with `event`.
      if (isSameLock && other.role === "acquire" && other.footprint.access === "write") isSettled = true;
    }
    return races;
  }

  /** Makes sure that some execution runs what does not depend on the step at `at`, and then `event`, before that step. */
  #reverse(at: number, event: Event): void {
    const first = this.#events[at]!;
    const node = first.node!;
    const free: Event[] = [];
    const own = 1 << event.thread;
    let started = 0;
    let initials = 0;
    for (let later = at + 1; later < this.#events.length; later++) {
      const next = this.#events[later]!;
      if (next.clock[first.thread]! >= first.ordinal) continue;
      const bit = 1 << next.thread;
      if ((started & bit) === 0 && !dependsOn(next, free, free.length)) initials |= bit;
      started |= bit;
      free.push(next);
    }
    if ((started & own) === 0 && !dependsOn(event, free, free.length)) {
      if ((node.enabled & own) === 0) return; // It would still be blocked there: no race.
      initials |= own;
    }
    if ((initials & (node.backtrack | node.asleep | node.explored)) !== 0) return;
    const able = initials & node.enabled;
    node.backtrack |= (able & own) !== 0 ? own : able === 0 ? node.enabled : able & -able;
  }
}

/** Whether one of the first `length` steps happens before `event`. */
function dependsOn(event: Event, steps: readonly Event[], length: number): boolean {
  for (let i = 0; i < length; i++) if (event.clock[steps[i]!.thread]! >= steps[i]!.ordinal) return true;
  return false;
}

function join(clock: number[], other: readonly number[]): void {
  for (const [thread, ordinal] of other.entries()) if (clock[thread]! < ordinal) clock[thread] = ordinal;
}

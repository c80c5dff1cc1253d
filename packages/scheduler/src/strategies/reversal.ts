/**
 * The other order of a race, as a sequence of steps to be explored. For `optimalDpor`; not needed for a first reading.
 *
 * Of an execution E with a race between an earlier step and a later one, the sequence is `notdep(earlier, E)`, the steps
 * after the earlier one that do not happen after it, and then the later one. Names as in Abdulla et al., JACM 2017.
 *
 * Beyond the paper, the later step can be one that had to wait, or still waits. Whether it could run after the sequence
 * is known in these cases, and a guess of "yes" in all others:
 *
 * - The thread had announced it when the earlier step was taken, and nothing in the sequence can change whether it may.
 * - It acquires what somebody else, as a later release shows, holds after the sequence.
 * - It pauses until memory changes, and was seen waiting when all writes of the sequence had been performed.
 */

import { footprintOf, isStateDependent, widestFootprintOf, type Footprint } from "../footprint.ts";
import type { AnyKind, Operation } from "../operation.ts";
import type { SchedulingPoint } from "../strategy.ts";
import { setOf } from "./bounds.ts";
import type { Event, Races } from "./races.ts";
import type { Conflict, SequenceStep } from "./wakeup-tree.ts";

/** A performed step with all that the search has to remember of it. */
export interface PerformedStep extends SequenceStep {
  readonly event: Event;
  readonly footprint: Footprint;
  readonly operation: Operation<unknown>;
  /** The kind with which the operation was performed: one that had to wait has another one since. */
  readonly kind: AnyKind;
  /** Positions of the earlier steps that it races with. */
  readonly races: readonly number[];
}

/** What was to be seen when a step was picked. */
export interface Sighting {
  /** The threads that could run, as a bit set. */
  readonly enabled: number;
  /** By thread id, what its pending operation would touch, where that depends on the state. */
  readonly footprints: readonly (Footprint | undefined)[] | undefined;
}

/** A step or waiting operation at a position of the execution: behind its last step if it waits. */
export interface Later {
  readonly position: number;
  readonly event: Event;
  readonly operation: Operation<unknown>;
  readonly kind: AnyKind;
}

/** Looks at a scheduling point. */
export function sightingOf({ enabled: able, threads }: SchedulingPoint): Sighting {
  const enabled = setOf(able);
  let footprints: (Footprint | undefined)[] | undefined;
  for (const { id, pending } of threads) {
    if (pending !== undefined && isStateDependent(pending.kind))
      (footprints ??= [])[id] = footprintOf(pending);
  }
  return { enabled, footprints };
}

/** Finds the step that a thread takes. */
export function performedStep(
  races: Races,
  { threads }: SchedulingPoint,
  thread: number,
  values: readonly number[],
): PerformedStep {
  const operation = threads[thread]!.pending!;
  const found = races.find(thread, operation, threads.length, undefined);
  const { event, races: earlier } = found;
  const { ordinal, clock, footprint } = event;
  const { kind } = operation;
  return { thread, ordinal, clock, footprint, values, event, operation, kind, races: earlier };
}

/** Turns races of one execution around. */
export class Reversals {
  readonly #conflict: Conflict;
  readonly #steps: readonly PerformedStep[];
  readonly #sightings: readonly Sighting[];

  /** @param steps of the execution; `sightings` has what was seen before each. */
  constructor(conflict: Conflict, steps: readonly PerformedStep[], sightings: readonly Sighting[]) {
    this.#conflict = conflict;
    this.#steps = steps;
    this.#sightings = sightings;
  }

  /**
   * The sequence that puts `later` before the step at `first`; `undefined` when it cannot run there.
   *
   * @param end only steps before this position count.
   */
  sequence(first: number, later: Later, end: number): SequenceStep[] | undefined {
    const between: PerformedStep[] = [];
    for (let at = first + 1; at < end; at++) {
      const step = this.#steps[at]!;
      if (!this.#isAfter(step, first)) between.push(step);
    }
    const previous = this.#lastOf(later.event.thread, later.position);
    if (this.#isBlocked(first, later, previous, between)) return undefined;
    return [...between, this.#moved(first, later, previous, between)];
  }

  #isAfter({ clock }: SequenceStep, first: number): boolean {
    const { thread, ordinal } = this.#steps[first]!;
    return clock[thread]! >= ordinal;
  }

  /** Position of the last step of a thread before a position; -1 when there is none. */
  #lastOf(thread: number, position: number): number {
    let at = position - 1;
    while (at >= 0 && this.#steps[at]!.thread !== thread) at--;
    return at;
  }

  /** Whether the later operation certainly cannot run after the steps in between. */
  #isBlocked(first: number, later: Later, previous: number, between: readonly PerformedStep[]): boolean {
    const { event, kind } = later;
    // A gate can keep any operation waiting, and opens as well as closes.
    const isGated = later.operation.thread?.gate !== undefined;
    if (kind.isEnabled === undefined && !isGated) return false;
    const isTouched = between.some(
      (step) => isChange(step) && this.#conflict(step.footprint, event.footprint),
    );
    if (previous < first && !isTouched) return !this.#couldRun(event.thread, first);
    if (kind.access === "all" && !isGated) return this.#wasSeenWaiting(first, later, previous, between);
    return event.role === "acquire" && this.#isHeld(first, later);
  }

  #couldRun(thread: number, at: number): boolean {
    return (this.#sightings[at]!.enabled & (1 << thread)) !== 0;
  }

  /**
   * Whether the thread waited at a moment when all steps in between that could wake it had been performed. Writes can
   * only wake it, so after fewer of them it waits as well.
   */
  #wasSeenWaiting(
    first: number,
    { position, event }: Later,
    previous: number,
    between: readonly PerformedStep[],
  ): boolean {
    if (position === this.#steps.length) return true;
    const earliest = Math.max(first, previous + 1);
    let seen = position - 1;
    while (seen >= earliest && this.#couldRun(event.thread, seen)) seen--;
    if (seen < earliest) return false;
    const missing = this.#steps.slice(seen, position).filter((step) => between.includes(step));
    return !missing.some((step) => this.#conflict(step.footprint, event.footprint));
  }

  /** Whether another thread took the object before or in between, and released it only after the step at `first`. */
  #isHeld(first: number, { event, operation: { object } }: Later): boolean {
    for (let at = first + 1; at < this.#steps.length; at++) {
      const step = this.#steps[at]!;
      const isRelease = step.event.role === "release" && step.operation.object.location === object.location;
      if (!isRelease || step.thread === event.thread || !this.#isAfter(step, first)) continue;
      if (!this.#conflict(step.footprint, event.footprint)) continue;
      const taken = this.#takenAt(at);
      if (taken >= 0 && (taken < first || !this.#isAfter(this.#steps[taken]!, first))) return true;
    }
    return false;
  }

  /** Position of the step in which the thread that releases at `release` took the object. */
  #takenAt(release: number): number {
    const { thread, operation } = this.#steps[release]!;
    const { location } = operation.object;
    let at = this.#lastOf(thread, release);
    while (at >= 0 && this.#steps[at]!.operation.object.location !== location) at = this.#lastOf(thread, at);
    return at;
  }

  /** The later step as it will be after the steps in between: what happens before it, and what it touches. */
  #moved(
    first: number,
    { event, operation, kind }: Later,
    previous: number,
    between: readonly PerformedStep[],
  ): SequenceStep {
    const { thread, ordinal } = event;
    let footprint: Footprint | undefined = event.footprint;
    if (isStateDependent(kind)) {
      // The state before the step at `first` says what it touches, unless the steps in between change that state.
      const seen = previous < first ? this.#sightings[first]!.footprints?.[thread] : undefined;
      const isSame = seen !== undefined && !between.some((step) => this.#conflict(step.footprint, seen));
      footprint = isSame ? seen : widestFootprintOf(operation, kind);
    }
    const clock = event.clock.map(() => 0);
    if (previous >= 0) join(clock, this.#steps[previous]!.clock);
    for (const step of between) {
      if (footprint === undefined || this.#conflict(step.footprint, footprint)) join(clock, step.clock);
    }
    clock[thread] = ordinal;
    return { thread, ordinal, clock, footprint, values: [] };
  }
}

/** A pause looks at memory and changes nothing; every other operation might let a waiting one run, or block it. */
function isChange({ kind }: PerformedStep): boolean {
  return kind.access !== "all";
}

function join(clock: number[], other: readonly number[]): void {
  for (let thread = 0; thread < clock.length; thread++) {
    if (clock[thread]! < other[thread]!) clock[thread] = other[thread]!;
  }
}

/**
 * Steering by reads-from constraints: another strategy chooses, but operations that would break a constraint wait, and
 * operations that fulfil one go first. After the scheduler of RFF (Wolff, Shi, Duck, Mathur and Roychoudhury, "Greybox
 * Fuzzing for Concurrency Testing", ASPLOS 2024, section 3), where the other strategy is POS.
 */

import { accessOf, changes } from "../footprint.ts";
import type { Operation } from "../operation.ts";
import type { SchedulingPoint, Strategy } from "../strategy.ts";
import type { ModelThread } from "../thread.ts";
import { Layered } from "./layered.ts";

/**
 * "What the reader finds was left by the writer", or that it was not. Reader and writer are sites, whichever thread is there:
 * threads that run the same code have their constraints in common, and so there are few to choose from. Readers are all
 * accesses: a write that follows another one and a lock that is handed over are ordered in the same way.
 */
export interface ReadsFrom {
  /** Location number of the object; equal in all executions for what `setup` makes. */
  readonly location: number;
  /** `Site.hash`. */
  readonly reader: number;
  /** `Site.hash`; `undefined` for what was there before anybody wrote. */
  readonly writer: number | undefined;
  readonly isNegated: boolean;
}

/** Options of `steered`. */
export interface SteeredOptions {
  readonly constraints: readonly ReadsFrom[];
  /** Chooses where the constraints leave a choice. It is shown the threads that they think most of as if no other could run. */
  readonly base: Strategy;
}

/** Steps that one thread may take in a row, with others ready, before the constraints are held to starve somebody. */
const PATIENCE = 200;

/** The schedules of another strategy, bent to fulfil the constraints where they can. */
export function steered(options: SteeredOptions): Strategy {
  return new Steered(options);
}

class Steered extends Layered {
  readonly name = "steered";
  readonly #constraints: readonly ReadsFrom[];
  readonly #preferred: ModelThread[] = [];
  readonly #point: { -readonly [K in keyof SchedulingPoint]: SchedulingPoint[K] };
  /** Constraints that are neither fulfilled nor out of reach. */
  #open: Aim[] = [];
  #last: number | undefined;
  #inRow = 0;

  constructor({ constraints, base }: SteeredOptions) {
    super(base);
    this.#constraints = constraints;
    this.#point = { threads: [], enabled: this.#preferred, current: undefined };
  }

  override beginExecution(): boolean {
    this.#open = this.#constraints.map((constraint) => new Aim(constraint));
    this.#last = undefined;
    this.#inRow = 0;
    return super.beginExecution();
  }

  override pickThread(point: SchedulingPoint): number {
    if (this.#open.length === 0) return super.pickThread(point);
    const id = super.pickThread(this.#narrowed(point));
    this.#watchForStarvation(id, point.enabled.length);
    this.#open = this.#open.filter((aim) => aim.isOpenAfter(point.threads[id]!.pending!));
    return id;
  }

  /** The same point with only those threads that the constraints think most of. */
  #narrowed({ threads, enabled, current }: SchedulingPoint): SchedulingPoint {
    let best = -Infinity;
    for (const thread of enabled) {
      const worth = this.#worthOf(thread.pending!);
      if (worth < best) continue;
      if (worth > best) this.#preferred.length = 0;
      best = worth;
      this.#preferred.push(thread);
    }
    this.#point.threads = threads;
    this.#point.current = current !== undefined && this.#preferred.includes(current) ? current : undefined;
    return this.#point;
  }

  /** 1 for an operation that is wanted now, -1 for one that had better wait, 0 for all others. */
  #worthOf(operation: Operation<unknown>): number {
    let worth = 0;
    for (const aim of this.#open) worth += aim.worthOf(operation);
    return Math.sign(worth);
  }

  #watchForStarvation(id: number, enabledCount: number): void {
    this.#inRow = id === this.#last && enabledCount > 1 ? this.#inRow + 1 : 0;
    this.#last = id;
    if (this.#inRow >= PATIENCE) this.#open = [];
  }
}

/** A constraint in one execution. */
class Aim {
  readonly #constraint: ReadsFrom;
  /** Whether the location holds what the writer left, or what nobody has written if there is no writer. */
  #isWritten: boolean;

  constructor(constraint: ReadsFrom) {
    this.#constraint = constraint;
    this.#isWritten = constraint.writer === undefined;
  }

  worthOf(operation: Operation<unknown>): number {
    const { location, reader } = this.#constraint;
    if (operation.object.location !== location) return 0;
    const isOpen = this.#mayRead(this.#isWritten);
    if (operation.site!.hash === reader) return isOpen ? 1 : -1;
    if (!changes(accessOf(operation))) return 0;
    const willBeOpen = this.#mayRead(this.#isWriter(operation));
    return isOpen === willBeOpen ? 0 : willBeOpen ? 1 : -1;
  }

  /** To be told of each operation before it runs; false when there is nothing left to steer. */
  isOpenAfter(operation: Operation<unknown>): boolean {
    const { location, reader, writer, isNegated } = this.#constraint;
    if (operation.object.location !== location) return true;
    if (operation.site!.hash === reader && this.#mayRead(this.#isWritten)) return false;
    if (changes(accessOf(operation))) this.#isWritten = this.#isWriter(operation);
    // What was there before anybody wrote does not come back.
    return writer !== undefined || isNegated || this.#isWritten;
  }

  /** Whether the reader is welcome when the location does, or does not, hold what the writer left. */
  #mayRead(isWritten: boolean): boolean {
    return isWritten !== this.#constraint.isNegated;
  }

  #isWriter(operation: Operation<unknown>): boolean {
    return operation.site!.hash === this.#constraint.writer;
  }
}

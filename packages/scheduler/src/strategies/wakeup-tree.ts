/**
 * Wakeup trees, for `optimalDpor`: the sequences of steps that a node of the search still has to begin with. Not needed
 * for a first reading.
 *
 * Terms as in Abdulla, Aronis, Jonsson and Sagonas, "Source Sets: A Foundation for Optimal Dynamic Partial Order
 * Reduction", JACM 64(4), 2017, section 6. A tree is kept as the list of its branches; branches, and the children of
 * each, are in the order in which they will be explored.
 */

import type { Footprint } from "../footprint.ts";

/** A step of a sequence that is to be explored. */
export interface SequenceStep {
  readonly thread: number;
  /** 1, 2, ... among the steps of the thread. */
  readonly ordinal: number;
  /** By thread id, the ordinal of that thread's last step that happens before this one, itself included. */
  readonly clock: readonly number[];
  /** Absent when it is not known before the step is performed; then the step is taken to conflict with every other. */
  readonly footprint: Footprint | undefined;
  /** The data choices of the step, as far as they are known. */
  readonly values: readonly number[];
}

/** A step of a wakeup tree, with the ways to go on after it. Without children it is a leaf: go on in any way. */
export interface Branch {
  readonly thread: number;
  readonly footprint: Footprint | undefined;
  readonly values: readonly number[];
  readonly children: Branch[];
}

/** Whether the order of two steps can matter. */
export type Conflict = (a: Footprint, b: Footprint) => boolean;

/**
 * Whether some execution that begins with `sequence` is equivalent to one in which `thread` takes the first step: a weak
 * initial. `footprint` is what the thread would touch in that first step.
 */
export function isWeakInitial(
  thread: number,
  footprint: Footprint | undefined,
  sequence: readonly SequenceStep[],
  conflict: Conflict,
): boolean {
  const at = positionOf(thread, sequence);
  if (at >= 0) return isInitial(at, sequence);
  if (footprint === undefined) return false;
  for (const step of sequence) {
    if (step.footprint === undefined || conflict(step.footprint, footprint)) return false;
  }
  return true;
}

/** Whether no step before the one at `at` happens before it. */
function isInitial(at: number, sequence: readonly SequenceStep[]): boolean {
  const { clock } = sequence[at]!;
  for (let i = 0; i < at; i++) if (clock[sequence[i]!.thread]! >= sequence[i]!.ordinal) return false;
  return true;
}

/** Position of the first step of a thread; -1 when there is none. */
function positionOf(thread: number, sequence: readonly SequenceStep[]): number {
  for (let i = 0; i < sequence.length; i++) if (sequence[i]!.thread === thread) return i;
  return -1;
}

const NO_VALUES: readonly number[] = [];

/** The wakeup trees of all nodes of a search, with the memory they take. */
export class WakeupTrees {
  readonly #conflict: Conflict;
  readonly #sizeMax: number;
  #size = 0;
  #isOverfull: boolean;

  /** @param sizeMax how many steps to remember; 0 for none, so that the trees are overfull from the start. */
  constructor(conflict: Conflict, sizeMax: number) {
    this.#conflict = conflict;
    this.#sizeMax = sizeMax;
    this.#isOverfull = sizeMax === 0;
  }

  /** Whether they have ever been larger than allowed; from then on, only `insertStep` is meant to be used. */
  get isOverfull(): boolean {
    return this.#isOverfull;
  }

  /** How many steps wait to be explored. */
  get size(): number {
    return this.#size;
  }

  /**
   * Makes sure that a tree covers `sequence`: unless an equivalent of an extension of it will be explored anyway, what
   * is missing is appended as the last branch. Takes `sequence` apart.
   *
   * @param from the branches before this one are explored, or being explored, and do not count.
   */
  insert(branches: Branch[], from: number, sequence: SequenceStep[]): void {
    let siblings = branches;
    for (let at = from; at < siblings.length; at++) {
      const branch = siblings[at]!;
      if (!isWeakInitial(branch.thread, branch.footprint, sequence, this.#conflict)) continue;
      const own = takeOut(branch.thread, sequence);
      if (own !== undefined && !areCompatible(branch.values, own.values)) {
        // The thread will step here, but with other data choices: another branch, which is explored along with this one.
        sequence.unshift(own);
        continue;
      }
      // A leaf stands for everything that can follow.
      if (branch.children.length === 0 || sequence.length === 0) return;
      siblings = branch.children;
      at = -1;
    }
    this.#append(siblings, sequence);
  }

  /**
   * Makes sure that some first step of `sequence` is explored, as source-DPOR does: all that is remembered when there is
   * no room for trees.
   *
   * @param asleep threads whose step at this node is covered elsewhere, as a bit set.
   * @param preferred the thread to take if none of the first steps is among the branches.
   */
  insertStep(branches: Branch[], asleep: number, sequence: readonly SequenceStep[], preferred: number): void {
    const initials = sequence.filter(
      ({ thread }, at) => positionOf(thread, sequence) === at && isInitial(at, sequence),
    );
    const isCovered = initials.some(
      ({ thread }) => (asleep & (1 << thread)) !== 0 || branches.some((branch) => branch.thread === thread),
    );
    if (isCovered) return;
    this.#append(branches, [initials.find(({ thread }) => thread === preferred) ?? initials[0]!]);
  }

  /** Notes that the search has begun with a branch. */
  take(): void {
    this.#size--;
  }

  /** Notes that a branch will not be explored. */
  discard({ children }: Branch): void {
    this.#size--;
    for (const child of children) this.discard(child);
  }

  /** Appends a branch of which only the thread is known. */
  append(branches: Branch[], thread: number): void {
    this.#append(branches, [{ thread, ordinal: 0, clock: [], footprint: undefined, values: [] }]);
  }

  #append(siblings: Branch[], sequence: readonly SequenceStep[]): void {
    this.#size += sequence.length;
    this.#isOverfull ||= this.#size > this.#sizeMax;
    // From the end, as an array that grows by one element reserves room for many.
    let children: Branch[] = [];
    for (const { thread, footprint, values } of sequence.toReversed()) {
      children = [{ thread, footprint, values: values.length === 0 ? NO_VALUES : [...values], children }];
    }
    siblings.push(...children);
  }
}

/** Takes the first step of a thread out of a sequence. */
function takeOut(thread: number, sequence: SequenceStep[]): SequenceStep | undefined {
  const at = positionOf(thread, sequence);
  return at < 0 ? undefined : sequence.splice(at, 1)[0];
}

/** Whether two lists of data choices can belong to one step: as far as both are known, they are equal. */
export function areCompatible(a: readonly number[], b: readonly number[]): boolean {
  return a.every((value, i) => i >= b.length || value === b[i]);
}

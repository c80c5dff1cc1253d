/**
 * Which threads are interchangeable, as permutations: a scenario names sets of threads, and each permutation within these sets
 * exchanges threads together with the objects and values that are theirs.
 */

import { UsageError } from "../assert.ts";
import { castOf } from "../cast.ts";
import type { Interchangeable, Scenario } from "../scenario.ts";
import type { Names } from "./names.ts";
import type { StateSearchOptions } from "./options.ts";

/** Permutations that are tried for each state: seven threads have so many. */
const PERMUTATIONS_MAX = 5040;

/** Where the threads of a scenario go, by id; those that are in no set stay. */
export type Permutation = readonly number[];

/** A set of threads by their ids, and how to find what is theirs. */
interface ThreadSet<W> {
  readonly ids: readonly number[];
  readonly owns: Interchangeable<W>["owns"];
}

/** The permutations that a scenario declares. */
export class Interchange<W> {
  /** Names of all threads and daemons, by id. */
  readonly threadNames: readonly string[];
  /** All permutations; the first one moves nothing. */
  readonly all: readonly Permutation[];
  /** Exchanges of two threads, of which all permutations are made. */
  readonly swaps: readonly Permutation[];
  readonly #sets: readonly ThreadSet<W>[];

  /** @throws {UsageError} when the scenario names no such threads, or when they are not alike. */
  constructor(scenario: Scenario<W>, options: StateSearchOptions) {
    const cast = castOf(scenario);
    this.threadNames = cast.map(({ name }) => name);
    refuseOptions(scenario, options);
    this.#sets = scenario.interchangeable!.map(({ threads, owns }) => {
      const ids = threads.map((name) => this.#idOf(scenario.name, name));
      if (ids.length < 2)
        throw new UsageError(`${named(scenario.name)}: it takes two threads to be interchangeable.`);
      if (new Set(ids.map((id) => cast[id]!.isDaemon)).size > 1)
        throw new UsageError(
          `${named(scenario.name)}: a thread and a daemon (${threads.join(", ")}) end in different ways.`,
        );
      return { ids, owns };
    });
    const members = this.#sets.flatMap(({ ids }) => ids);
    if (new Set(members).size < members.length)
      throw new UsageError(`${named(scenario.name)}: a thread may stand in one set only, and once.`);
    const count = this.#sets.reduce((product, { ids }) => product * factorial(ids.length), 1);
    if (count > PERMUTATIONS_MAX)
      throw new UsageError(
        `${named(scenario.name)}: ${count} permutations, and each state is compared under each; at most ${PERMUTATIONS_MAX}.`,
      );
    const identity = cast.map((_, id) => id);
    this.all = this.#sets.reduce<readonly Permutation[]>(
      (sofar, { ids }) =>
        sofar.flatMap((each) => arrangements(ids).map((images) => moving(each, ids, images))),
      [identity],
    );
    this.swaps = this.#sets.flatMap(({ ids }) =>
      ids.slice(1).map((id, at) => moving(identity, [ids[at]!, id], [id, ids[at]!])),
    );
  }

  /** The threads that one can be exchanged with, itself included. */
  alike(thread: number): readonly number[] {
    return this.#sets.find(({ ids }) => ids.includes(thread))?.ids ?? [thread];
  }

  /** Exchanges that make a permutation when they are done one after the other, as indexes of `swaps`. */
  swapsOf(permutation: Permutation): number[] {
    const made: number[] = [];
    const present = [...permutation];
    // Sorts the images of each set by exchanging neighbours; backwards, that is how they came about.
    for (let isSorted = false; !isSorted;) {
      isSorted = true;
      for (const [index, swap] of this.swaps.entries()) {
        const [a, b] = moved(swap).sort((one, other) => this.#rank(one) - this.#rank(other)) as [
          number,
          number,
        ];
        if (this.#rank(present[a]!) < this.#rank(present[b]!)) continue;
        [present[a], present[b]] = [present[b]!, present[a]!];
        made.push(index);
        isSorted = false;
      }
    }
    return made;
  }

  /**
   * What each thread's own things are called, by id: in the same order for all threads of a set.
   *
   * @throws {UsageError} when one has more than another, or two have one thing.
   */
  ownNames(world: W, names: Names): ReadonlyMap<number, readonly string[]> {
    const own = new Map<number, readonly string[]>();
    for (const { ids, owns } of this.#sets) {
      if (owns === undefined) continue;
      for (const [at, id] of ids.entries()) own.set(id, names.within(owns(world, at)));
      const counts = ids.map((id) => own.get(id)!.length);
      if (new Set(counts).size > 1)
        throw new UsageError(
          `${this.#list(ids)} are said to be interchangeable, but what they own differs: ${counts.join(", ")} objects.`,
        );
    }
    const all = [...own.values()].flat();
    if (new Set(all).size < all.length)
      throw new UsageError("Of interchangeable threads, two are said to own the same object.");
    return own;
  }

  #list(ids: readonly number[]): string {
    return ids.map((id) => this.threadNames[id]).join(", ");
  }

  #rank(id: number): number {
    return this.#sets.find(({ ids }) => ids.includes(id))!.ids.indexOf(id);
  }

  #idOf(scenario: string, name: string): number {
    const id = this.threadNames.indexOf(name);
    if (id < 0) throw new UsageError(`${named(scenario)}: there is no thread ${name}.`);
    return id;
  }
}

/** The threads that a permutation moves. */
export function moved(permutation: Permutation): number[] {
  return permutation.flatMap((to, id) => (to === id ? [] : [id]));
}

function named(scenario: string): string {
  return `Interchangeable threads of "${scenario}"`;
}

function refuseOptions<W>(
  scenario: Scenario<W>,
  { memory, preemptionsMax, delaysMax }: StateSearchOptions,
): void {
  if ((scenario.interchangeable?.length ?? 0) === 0)
    throw new UsageError(`"${scenario.name}" names no interchangeable threads; leave symmetry out.`);
  if (memory === "tso")
    throw new UsageError(
      "searchStates: symmetry is for sc; under tso, leave it out: store buffers are told apart.",
    );
  if ((preemptionsMax ?? delaysMax) !== undefined)
    throw new UsageError(
      "searchStates: a bound asks which thread ran last, so symmetry and a bound exclude each other.",
    );
}

function factorial(n: number): number {
  return n <= 1 ? 1 : n * factorial(n - 1);
}

function arrangements(ids: readonly number[]): readonly (readonly number[])[] {
  if (ids.length === 0) return [[]];
  return ids.flatMap((id) => arrangements(ids.filter((other) => other !== id)).map((rest) => [id, ...rest]));
}

function moving(permutation: Permutation, ids: readonly number[], images: readonly number[]): Permutation {
  return permutation.map((to, id) => images[ids.indexOf(id)] ?? to);
}

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

/** Where the threads of a scenario go. */
export interface Permutation {
  /** By id; those that are in no set stay. */
  readonly threads: readonly number[];
  /** The exchanges that make it, one after the other, as indexes of `Interchange.swaps`. */
  readonly swaps: readonly number[];
}

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
  /** Exchanges of two threads, of which all permutations are made: where the threads go, by id. */
  readonly swaps: readonly (readonly number[])[];
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
    const identity = cast.map((_, id) => id);
    this.swaps = this.#sets.flatMap(({ ids }) =>
      ids
        .slice(1)
        .map((id, at) => identity.map((same) => (same === id ? ids[at]! : same === ids[at] ? id : same))),
    );
    this.all = generated(identity, this.swaps, scenario.name);
  }

  /** The threads that one can be exchanged with, itself included. */
  alike(thread: number): readonly number[] {
    return this.#sets.find(({ ids }) => ids.includes(thread))?.ids ?? [thread];
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

  #idOf(scenario: string, name: string): number {
    const id = this.threadNames.indexOf(name);
    if (id < 0) throw new UsageError(`${named(scenario)}: there is no thread ${name}.`);
    return id;
  }
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

/** All permutations that exchanges make, those that take fewer first. */
function generated(
  identity: readonly number[],
  swaps: readonly (readonly number[])[],
  scenario: string,
): readonly Permutation[] {
  const all: Permutation[] = [{ threads: identity, swaps: [] }];
  const seen = new Set([identity.join()]);
  for (const { threads, swaps: before } of all)
    for (const [index, swap] of swaps.entries()) {
      const next = threads.map((id) => swap[id]!);
      if (seen.has(next.join())) continue;
      if (all.length === PERMUTATIONS_MAX)
        throw new UsageError(
          `${named(scenario)}: each state is compared under each permutation, and there are more than ${PERMUTATIONS_MAX}.`,
        );
      seen.add(next.join());
      all.push({ threads: next, swaps: [...before, index] });
    }
  return all;
}

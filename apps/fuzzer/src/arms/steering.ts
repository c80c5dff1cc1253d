/**
 * Steering: constraints over who reads whose write, inserted, dropped, swapped and negated; another strategy decides all that they
 * leave open. After RFF (ASPLOS 2024), where these constraints matter more than any feedback.
 */

import { steered, type Prng, type ReadsFrom, type Strategy } from "@mmrace/scheduler";
import { energyOf, type Seed } from "../corpus/corpus.ts";
import type { LoggedAccess } from "../coverage/access-log.ts";
import type { Arm, Attempt, Materials } from "./arm.ts";

/** More constraints than these contradict each other more often than they help. */
const CONSTRAINTS_MAX = 4;
/** How many seeds are looked at for one that is worth something, before any will do. */
const LOOKS = 8;

/** The arm. */
export class Steering implements Arm {
  readonly name: string;
  readonly #materials: Materials;
  readonly #base: Strategy;
  #seed: Seed | undefined;
  #energy = 0;

  /** @param base decides what the constraints leave open. */
  constructor(materials: Materials, base: Strategy) {
    this.name = `steering over ${base.name}`;
    this.#materials = materials;
    this.#base = base;
  }

  next(): Attempt | undefined {
    const { corpus, prng } = this.#materials;
    if (corpus.seeds.length === 0) return undefined;
    if (this.#energy-- <= 0) this.#pick();
    const constraints = changed(this.#seed!, prng);
    return { strategy: steered({ constraints, base: this.#base }), constraints };
  }

  #pick(): void {
    const { corpus, novelty, prng } = this.#materials;
    for (let looks = 0; looks < LOOKS; looks++) {
      this.#seed = corpus.any(prng);
      this.#energy = energyOf(this.#seed, novelty) - 1;
      if (this.#energy >= 0) return;
    }
    this.#energy = 0;
  }
}

/**
 * The constraints of a seed, changed in one place; or, with even odds, a single new one. The base does best what it does when it is
 * hardly disturbed, so few constraints are worth as many attempts as all that have gathered.
 */
function changed({ constraints: list, accesses }: Seed, prng: Prng): readonly ReadsFrom[] {
  if (list.length === 0 || prng.below(2) === 0) return drawConstraint(accesses, prng);
  const way = prng.below(6);
  const at = prng.below(list.length);
  if (way <= 2) return [...list, ...drawConstraint(accesses, prng)].slice(-CONSTRAINTS_MAX);
  if (way === 3) return list.toSpliced(at, 1);
  if (way === 4) return list.with(at, { ...list[at]!, isNegated: !list[at]!.isNegated });
  return list.toSpliced(at, 1, ...drawConstraint(accesses, prng));
}

/** A constraint on a location drawn at random, between accesses that an execution showed; none when nothing is shared. */
export function drawConstraint(
  accesses: readonly (readonly LoggedAccess[])[],
  prng: Prng,
): readonly ReadsFrom[] {
  if (accesses.length === 0) return [];
  const here = drawLocation(accesses, prng);
  const reads = here.filter(({ isWrite }) => !isWrite);
  const reader = drawSite(reads.length > 0 && prng.below(4) > 0 ? reads : here, prng);
  const writes = here.filter(
    (access) =>
      access.isWrite && here.some(({ site, thread }) => site === reader && thread !== access.thread),
  );
  const writer = writes.length === 0 || prng.below(3) === 0 ? undefined : drawSite(writes, prng);
  return [{ location: here[0]!.location, reader, writer, isNegated: prng.below(4) === 0 }];
}

/** A location is as likely as it has pairs of a write and another access: where many meet there is more to decide. */
function drawLocation(accesses: readonly (readonly LoggedAccess[])[], prng: Prng): readonly LoggedAccess[] {
  let left = prng.below(accesses.reduce((sum, here) => sum + pairsOf(here), 0));
  return accesses.find((here) => (left -= pairsOf(here)) < 0)!;
}

function pairsOf(here: readonly LoggedAccess[]): number {
  return here.length * here.filter(({ isWrite }) => isWrite).length;
}

/** Each site is as likely as any other, however many threads were there. */
function drawSite(accesses: readonly LoggedAccess[], prng: Prng): number {
  const sites = [...new Set(accesses.map(({ site }) => site))];
  return sites[prng.below(sites.length)]!;
}

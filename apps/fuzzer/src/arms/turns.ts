/** How often each arm gets its turn. */

import type { Prng } from "@mmrace/scheduler";
import type { Seed } from "../corpus/corpus.ts";
import type { Arm, Attempt } from "./arm.ts";

/** Arms that share a part of all turns. */
export interface ArmGroup {
  /** Its part of the first turns, and of all others. Over all groups each sums up to 1. */
  readonly opening: number;
  readonly later: number;
  readonly arms: readonly Arm[];
}

/** How many turns the opening has. */
const OPENING = 256;
/** How many past attempts of an arm count: what was new at first is soon known. */
const MEMORY = 512;
/** The part of a group's turns that is dealt out without regard to success. */
const EVEN_SHARE = 0.5;

/** An arm and what came of its attempts. */
interface Entry {
  readonly arm: Arm;
  tries: number;
  news: number;
}

/**
 * Deals out turns. Groups have fixed parts; in a group, half of the turns are dealt out evenly, and half by the share of an
 * arm's attempts that has shown something new lately.
 */
export class Turns {
  readonly #groups: readonly (Omit<ArmGroup, "arms"> & { readonly entries: readonly Entry[] })[];
  readonly #prng: Prng;
  #dealt = 0;
  #running: Entry | undefined;

  constructor(groups: readonly ArmGroup[], prng: Prng) {
    this.#groups = groups.map(({ arms, ...parts }) => ({
      ...parts,
      entries: arms.map((arm) => ({ arm, tries: 0, news: 0 })),
    }));
    this.#prng = prng;
  }

  /** The attempt of the arm whose turn it is; another one's when that has nothing to try. One arm always must. */
  next(): Attempt {
    const isOpening = this.#dealt++ < OPENING;
    for (;;) {
      const { entries } = this.#drawBy(this.#groups, (group) => (isOpening ? group.opening : group.later));
      const sum = entries.reduce((rates, entry) => rates + rateOf(entry), 0);
      const entry = this.#drawBy(
        entries,
        (one) => EVEN_SHARE / entries.length + ((1 - EVEN_SHARE) * rateOf(one)) / sum,
      );
      const attempt = entry.arm.next();
      if (attempt === undefined) continue;
      this.#running = entry;
      return attempt;
    }
  }

  /** To be told how the attempt ended. */
  onResult(isNew: boolean): void {
    const running = this.#running!;
    running.tries++;
    if (isNew) running.news++;
    running.arm.onResult?.(isNew);
    if (running.tries < MEMORY) return;
    running.tries /= 2;
    running.news /= 2;
  }

  /** To be told of each execution that enters the corpus. */
  onSeed(seed: Seed): void {
    for (const { entries } of this.#groups) for (const { arm } of entries) arm.onSeed?.(seed);
  }

  /** One of several, with probabilities that sum up to 1. */
  #drawBy<T>(several: readonly T[], share: (one: T) => number): T {
    const bits = 20;
    let left = this.#prng.below(1 << bits) / (1 << bits);
    return several.find((one) => (left -= share(one)) < 0) ?? several.at(-1)!;
  }
}

function rateOf({ tries, news }: Entry): number {
  return (news + 1) / (tries + 1);
}

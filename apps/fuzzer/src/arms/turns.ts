/** How often each arm gets its turn. */

import type { Prng } from "@mmrace/scheduler";
import type { Seed } from "../corpus/corpus.ts";
import type { Arm, Attempt } from "./arm.ts";

/** Times of a campaign that differ in how turns are dealt out. */
export type Phase = "opening" | "crowded opening" | "later";

/** Arms that share a part of all turns. */
export interface ArmGroup {
  /** In each phase: its part of the turns, as a weight beside those of other groups. */
  readonly parts: Readonly<Record<Phase, number>>;
  readonly arms: readonly Arm[];
}

/** What else there is to know about turns. */
export interface TurnsOptions {
  /** What is tried before all else, in this order. */
  readonly first?: readonly Attempt[];
  /** Threads of the scenario; 0 before the first execution. */
  readonly threadCount?: () => number;
}

/** How many turns an opening has. */
const OPENING = 128;
/** More threads than these are a crowd. */
const CROWD = 16;
/** How many past attempts of an arm count: what was new at first is soon known. */
const MEMORY = 512;
/** The part of a group's turns that is dealt out without regard to success. */
const EVEN_SHARE = 0.5;
/** The golden ratio less one: its multiples, less what is whole in them, lie as evenly between 0 and 1 as any. */
const GOLDEN = (Math.sqrt(5) - 1) / 2;

/** An arm and what came of its attempts. */
interface Entry {
  readonly arm: Arm;
  tries: number;
  news: number;
}

/** The entries of a group. */
type Group = Pick<ArmGroup, "parts"> & { readonly entries: readonly Entry[] };

/**
 * Deals out turns. Groups have fixed parts; in a group, half of the turns are dealt out evenly, and half by the share of an
 * arm's attempts that has shown something new lately. Nobody waits for a turn by bad luck: a bug that one arm shows at once
 * is not to be missed because the others are drawn three times running.
 */
export class Turns {
  readonly #groups: readonly Group[];
  readonly #first: Attempt[];
  readonly #threadCount: () => number;
  /** Where the next turn falls when all arms lie side by side between 0 and 1. */
  #point: number;
  #dealt = 0;
  #running: Entry | undefined;

  constructor(
    groups: readonly ArmGroup[],
    prng: Prng,
    { first = [], threadCount = () => 0 }: TurnsOptions = {},
  ) {
    this.#groups = groups.map(({ arms, parts }) => ({
      parts,
      entries: arms.map((arm) => ({ arm, tries: 0, news: 0 })),
    }));
    this.#first = [...first];
    this.#threadCount = threadCount;
    this.#point = prng.below(1 << 20) / (1 << 20);
  }

  /** The attempt of the arm whose turn it is; another one's when that has nothing to try. One arm always must. */
  next(): Attempt {
    const phase = this.#phase();
    this.#dealt++;
    let attempt = this.#first.shift();
    while (attempt === undefined) {
      this.#running = this.#entryAt(this.#point, phase);
      this.#point = (this.#point + GOLDEN) % 1;
      attempt = this.#running.arm.next();
    }
    return attempt;
  }

  /** To be told how the attempt ended. */
  onResult(isNew: boolean): void {
    const running = this.#running;
    if (running === undefined) return;
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

  #phase(): Phase {
    if (this.#dealt >= OPENING) return "later";
    return this.#threadCount() > CROWD ? "crowded opening" : "opening";
  }

  #entryAt(point: number, phase: Phase): Entry {
    let left = point * this.#groups.reduce((sum, { parts }) => sum + parts[phase], 0);
    for (const group of this.#groups) {
      for (const { entry, share } of sharesOf(group))
        if ((left -= group.parts[phase] * share) < 0) return entry;
    }
    // Sums of shares may miss 1 by a hair.
    return this.#groups.at(-1)!.entries.at(-1)!;
  }
}

function sharesOf({ entries }: Group): readonly { readonly entry: Entry; readonly share: number }[] {
  const sum = entries.reduce((rates, entry) => rates + rateOf(entry), 0);
  return entries.map((entry) => ({
    entry,
    share: EVEN_SHARE / entries.length + ((1 - EVEN_SHARE) * rateOf(entry)) / sum,
  }));
}

function rateOf({ tries, news }: Entry): number {
  return (news + 1) / (tries + 1);
}

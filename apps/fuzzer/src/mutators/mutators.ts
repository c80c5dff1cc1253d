/** Mutators that know what a schedule is. Each returns a new one, or `undefined` when there is nothing to change. */

import type { Prng } from "@mmrace/scheduler";
import type { Corpus } from "../corpus/corpus.ts";
import { toBlocks, toBytes, type Block } from "./blocks.ts";

/** What a mutator may look at besides the schedule. */
export interface MutationContext {
  readonly prng: Prng;
  readonly corpus: Corpus;
  /** Threads of the scenario, daemons included. */
  readonly threadCount: number;
}

/** Changes a schedule. Never edits in place. */
export interface Mutator {
  readonly name: string;
  readonly mutate: (schedule: Uint8Array, context: MutationContext) => Uint8Array | undefined;
}

/** A mutator on the blocks of a schedule that has at least `least` of them. */
function onBlocks(
  name: string,
  least: number,
  change: (blocks: readonly Block[], at: number, context: MutationContext) => readonly Block[],
): Mutator {
  const mutate = (schedule: Uint8Array, context: MutationContext): Uint8Array | undefined => {
    const blocks = toBlocks(schedule);
    if (blocks.length < least) return undefined;
    return toBytes(change(blocks, context.prng.below(blocks.length), context));
  };
  return { name, mutate };
}

/** Cuts a block in two and lets another thread run in between. */
const addPreemption = onBlocks("add preemption", 1, (blocks, at, { prng, threadCount }) => {
  const { thread, steps } = blocks[at]!;
  const first = 1 + prng.below(steps);
  const between: Block = {
    thread: prng.below(threadCount),
    steps: 1 + prng.below(prng.below(2) === 0 ? 4 : 64),
  };
  return blocks.toSpliced(at, 1, { thread, steps: first }, between, {
    thread,
    steps: Math.max(steps - first, 1),
  });
});

/** Lets a block run a little longer or shorter: the switch after it moves. */
const movePreemption = onBlocks("move preemption", 1, (blocks, at, { prng }) => {
  const { thread, steps } = blocks[at]!;
  const by = 1 + prng.below(prng.below(4) === 0 ? 16 : 3);
  return blocks.with(at, { thread, steps: prng.below(2) === 0 ? steps + by : steps - by });
});

const dropBlock = onBlocks("drop block", 2, (blocks, at) => blocks.toSpliced(at, 1));

const swapBlocks = onBlocks("swap blocks", 2, (blocks, at) => {
  const other = (at + 1) % blocks.length;
  return blocks.with(at, blocks[other]!).with(other, blocks[at]!);
});

/** Keeps the start and forgets the rest: the execution goes on without preemption. */
const truncate = onBlocks("truncate", 2, (blocks, at) => blocks.slice(0, at + 1));

const changeThread = onBlocks("change thread", 1, (blocks, at, { prng, threadCount }) =>
  blocks.with(at, { thread: prng.below(threadCount), steps: blocks[at]!.steps }),
);

/** The start of this schedule, then the end of another. */
const splice = onBlocks("splice", 1, (blocks, at, { prng, corpus }) => {
  const other = toBlocks(corpus.any(prng).schedule);
  return [...blocks.slice(0, at + 1), ...other.slice(prng.below(other.length + 1))];
});

/** Changes single bytes without knowing what they mean; reaches data choices, which stand at the end. */
const havoc: Mutator = {
  name: "havoc",
  mutate: (schedule, { prng }) => {
    if (schedule.length === 0) return undefined;
    const changed = schedule.slice();
    for (let left = 1 + prng.below(3); left > 0; left--)
      changed[prng.below(changed.length)] = prng.below(256);
    return changed;
  },
};

/** All mutators. */
export const mutators: readonly Mutator[] = [
  addPreemption,
  movePreemption,
  dropBlock,
  swapBlocks,
  truncate,
  changeThread,
  splice,
  havoc,
];

/** How many past uses of a mutator count. */
const MEMORY = 256;

/** Which mutators have shown something new lately: those are used more, and each of them goes on being used. */
export class MutatorWeights {
  readonly #records = mutators.map(() => ({ tries: 0, news: 0 }));
  /** Used since the last result. */
  #used: number[] = [];

  /** Draws one of `mutators`, by the share of its uses that were followed by something new. */
  draw(prng: Prng): Mutator {
    const rates = this.#records.map(({ tries, news }) => (news + 1) / (tries + 1));
    let left = (prng.below(1 << 20) / (1 << 20)) * rates.reduce((a, b) => a + b, 0);
    const found = rates.findIndex((rate) => (left -= rate) < 0);
    const at = found < 0 ? mutators.length - 1 : found;
    this.#used.push(at);
    return mutators[at]!;
  }

  /** To be told whether the execution of the last mutated schedule showed anything new. */
  onResult(isNew: boolean): void {
    for (const at of this.#used) {
      const record = this.#records[at]!;
      record.tries++;
      if (isNew) record.news++;
      if (record.tries < MEMORY) continue;
      record.tries /= 2;
      record.news /= 2;
    }
    this.#used = [];
  }
}

/** Applies one to four mutators in a row. */
export function mutate(schedule: Uint8Array, context: MutationContext, weights: MutatorWeights): Uint8Array {
  let changed = schedule;
  const rounds = 1 + context.prng.below(4);
  for (let i = 0; i < rounds; i++) changed = weights.draw(context.prng).mutate(changed, context) ?? changed;
  return changed;
}

/** Laws for mutators; a new one is tested by being listed. */

import { Prng } from "@mmrace/scheduler";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Corpus, type Seed } from "../../src/corpus/corpus.ts";
import { toBlocks, toBytes } from "../../src/mutators/blocks.ts";
import { mutate, mutators, MutatorWeights, type MutationContext } from "../../src/mutators/mutators.ts";

function seedOf(schedule: Uint8Array): Seed {
  return {
    schedule,
    choices: [],
    values: [],
    features: [],
    earnedBy: [],
    readsFrom: 0,
    constraints: [],
    accesses: [],
    races: [],
    timesPicked: 0,
  };
}

function context(randomSeed: number): MutationContext {
  const corpus = new Corpus();
  corpus.add(seedOf(Uint8Array.of(2, 7, 1, 3)));
  return { prng: new Prng(randomSeed), corpus, threadCount: 3 };
}

describe.each(mutators.map((mutator) => [mutator.name, mutator] as const))("%s", (_name, mutator) => {
  test("never edits in place, and equal random seeds give equal schedules and the same next random number", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 20 }), fc.nat(), (schedule, randomSeed) => {
        const before = schedule.slice();
        const [first, second] = [context(randomSeed), context(randomSeed)];
        expect(mutator.mutate(schedule, first)).toEqual(mutator.mutate(schedule, second));
        expect(first.prng.next()).toBe(second.prng.next());
        expect(schedule).toEqual(before);
      }),
      { seed: 1, numRuns: 100 },
    );
  });

  test("can change a schedule", () => {
    const schedule = Uint8Array.of(0, 4, 1, 9, 0, 2);
    const results = Array.from({ length: 20 }, (_, seed) => mutator.mutate(schedule, context(seed)));
    expect(results.some((result) => result !== undefined && String(result) !== String(schedule))).toBe(true);
  });
});

test("blocks and bytes are two views of one schedule", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 20 }), (schedule) => {
      fc.pre(schedule.length % 2 === 0);
      expect(toBytes(toBlocks(schedule))).toEqual(schedule);
    }),
    { seed: 1 },
  );
});

test("an empty schedule has nothing to change but what a splice brings", () => {
  expect(mutate(new Uint8Array(0), context(1), new MutatorWeights()).length).toBeLessThanOrEqual(4);
});

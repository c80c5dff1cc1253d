/** `toBeFoundBy` counts executions, looks for the right oracle, and lets a weak strategy fail without excuses. */

import "@mmrace/vitest";
import type { FoundByOptions, StrategyChoice } from "@mmrace/vitest";
import { exhaustive, explore, iterativeBound, pct, random, roundRobin, without } from "@mmrace/scheduler";
import { describe, expect, test } from "vitest";
import {
  atomicUpdate,
  busy,
  careless,
  failureOf,
  lostUpdate,
  mailbox,
  tokenIn,
  writers,
} from "../programs.ts";

const LOST = "both increments count";
const TITLE = "atomic-update on 6.12 with counters=1, wraps=false";

describe("found", () => {
  test.each<[string, StrategyChoice]>([
    ["a function that makes a strategy", random],
    ["one with options of its own", (sampling) => pct({ ...sampling, depth: 2 })],
    ["a strategy", exhaustive()],
  ])("by %s", (_name, strategy) => {
    expect(lostUpdate).toBeFoundBy(strategy, { within: 20 });
  });

  test("by the oracle that was asked for, and by no other", () => {
    expect(lostUpdate).toBeFoundBy(random, { within: 20, oracle: LOST });
    expect(lostUpdate).not.toBeFoundBy(random, { within: 20, oracle: "deadlock" });
  });

  test("exactly within the number of executions that it takes", () => {
    const bounded = (): StrategyChoice => iterativeBound({ preemptionsMax: 1 });
    const { executions } = explore(lostUpdate, iterativeBound({ preemptionsMax: 1 }));
    // Two without preemption, which are right; with one, the first of those again, and then one that is wrong.
    expect(executions).toBe(4);
    expect(lostUpdate).toBeFoundBy(bounded(), { within: executions });
    expect(lostUpdate).not.toBeFoundBy(bounded(), { within: executions - 1 });
  });

  test("the random seed decides", () => {
    const within = 1;
    const seeds = Array.from({ length: 20 }, (_, randomSeed) => randomSeed);
    const finding = seeds.filter(
      (randomSeed) => explore(lostUpdate, random({ randomSeed, executionsMax: 1 })).violations.length > 0,
    );
    expect(finding.length).toBeGreaterThan(0);
    expect(finding.length).toBeLessThan(20);
    for (const randomSeed of seeds) {
      if (finding.includes(randomSeed)) expect(lostUpdate).toBeFoundBy(random, { within, randomSeed });
      else expect(lostUpdate).not.toBeFoundBy(random, { within, randomSeed });
    }
  });

  test("against expectation: with the columns and the call that replays it", () => {
    const text = failureOf(() => expect(lostUpdate).not.toBeFoundBy(exhaustive(), { within: 20 }));
    expect(text).toMatch(
      /^Strategy "dfs" should not find anything wrong in lost-update within 20 executions, but execution 2 broke "both increments count"\.\n\nCPU0 a +\| CPU1 b\n/,
    );
    expect(lostUpdate).toReplay(tokenIn(text), LOST);
  });
});

describe("not found", () => {
  test("says how many executions ran", () => {
    expect(atomicUpdate).not.toBeFoundBy(random, { within: 100 });
    expect(failureOf(() => expect(atomicUpdate).toBeFoundBy(random, { within: 100 }))).toBe(
      `Strategy "random" should find anything wrong in ${TITLE} within 100 executions, but 100 executions showed nothing.`,
    );
  });

  test("says what was found instead, with its token", () => {
    const text = failureOf(() =>
      expect(lostUpdate).toBeFoundBy(exhaustive(), { within: 7, oracle: "deadlock" }),
    );
    expect(text).toMatch(
      /^Strategy "dfs" should find "deadlock" broken in lost-update within 7 executions, but 6 executions showed "both increments count"\n  Replay it with: expect\(scenario\)\.toReplay\("mmr1\.[\w-]+"\)\.$/,
    );
  });

  test("a search that is over sooner has seen all there is", () => {
    expect(atomicUpdate).not.toBeFoundBy(exhaustive(), { within: 1_000 });
  });
});

describe("nothing is known, so it fails both ways:", () => {
  test("a strategy that ends before its executions are used", () => {
    fails(
      () => [atomicUpdate, random({ randomSeed: 1, executionsMax: 10 }), { within: 100 }],
      `Strategy "random" ended after 10 executions of ${TITLE}, and found nothing in them; 100 were asked for.`,
    );
  });

  test("a strategy that is used up", () => {
    const strategy = exhaustive();
    expect(atomicUpdate).not.toBeFoundBy(strategy, { within: 10 });
    fails(
      () => [atomicUpdate, strategy, { within: 10 }],
      /^Not one execution of .* was run\. The strategy "dfs" may/,
    );
  });

  test("an ablation that matches nothing, whether something is found or not", () => {
    const ablations = [without.site("recieve/read_once/is_sent")];
    fails(
      () => [mailbox, random, { within: 5, ablations }],
      /^recieve\/read_once\/is_sent matched no operation/,
    );
    fails(
      () => [lostUpdate, random, { within: 50, ablations }],
      /matched no .* It broke "both increments count" without\.$/,
    );
  });

  test("the step limit", () => {
    fails(
      () => [busy, roundRobin({ quantum: 1 }), { within: 1 }],
      /^An execution of busy was cut off after 200 steps/,
    );
  });

  test("a scenario that remembers earlier executions", () => {
    fails(() => [careless(), random, { within: 2 }], /^careless is not reproducible: it behaved otherwise/);
    fails(
      () => [careless(3), random, { within: 2 }],
      /^careless broke .* does not show that again\. replay diverged/,
    );
  });
});

describe("misuse", () => {
  test("no executions", () => {
    for (const within of [0, -1, 0.5, NaN]) {
      const text = `toBeFoundBy: within must be a positive integer, not ${within}.`;
      expect(failureOf(() => expect(lostUpdate).toBeFoundBy(random, { within }))).toBe(text);
      expect(failureOf(() => expect(lostUpdate).not.toBeFoundBy(random, { within }))).toBe(text);
    }
  });

  test("a random seed for a strategy that has its own", () => {
    const strategy = random({ randomSeed: 1, executionsMax: 5 });
    expect(
      failureOf(() => expect(writers(2, 2)).toBeFoundBy(strategy, { within: 5, randomSeed: 2 })),
    ).toMatch(/^toBeFoundBy: strategy "random" is made already, so randomSeed comes too late\./);
  });
});

/** Fails with one text, and with the same under `.not`. */
function fails(
  make: () => readonly [scenario: unknown, strategy: StrategyChoice, options: FoundByOptions],
  text: string | RegExp,
): void {
  const texts = [false, true].map((isNot) => {
    const [scenario, strategy, options] = make();
    const expectation = isNot ? expect(scenario).not : expect(scenario);
    return failureOf(() => expectation.toBeFoundBy(strategy, options));
  });
  const wanted: unknown = typeof text === "string" ? text : expect.stringMatching(text);
  expect(texts).toEqual([wanted, wanted]);
}

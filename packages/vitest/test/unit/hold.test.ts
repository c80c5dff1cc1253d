/** `toHoldInEveryInterleaving` passes what holds, says what breaks, and fails both ways where nothing is known. */

import "@mmrace/vitest";
import type { HoldOptions } from "@mmrace/vitest";
import {
  Cell,
  defineScenario,
  dpor,
  exhaustive,
  iterativeBound,
  pct,
  random,
  violate,
  without,
  writeOnce,
} from "@mmrace/scheduler";
import { describe, expect, test } from "vitest";
import {
  atomicUpdate,
  busy,
  careless,
  failureOf,
  fixedWinner,
  idle,
  lostUpdate,
  mailbox,
  raisedFlags,
  tokenIn,
  writers,
} from "../programs.ts";

const EARLY = without.recheck("receive", "is_sent", { answer: true });

describe("a scenario that holds", () => {
  test.each([
    ["sleep sets by default", {}],
    ["every interleaving", { strategy: exhaustive() }],
    ["dpor", { strategy: dpor() }],
    ["bounds that cut nothing off", { strategy: iterativeBound({ preemptionsMax: 2 }) }],
    ["twice each", { checkDeterminism: true }],
    ["one more than there are", { executionsMax: 3 }],
  ])("passes: %s", (_name, options) => {
    expect(atomicUpdate).toHoldInEveryInterleaving(options);
  });

  test("fails where something should break, with the counts", () => {
    const text = failureOf(() => expect(atomicUpdate).not.toHoldInEveryInterleaving());
    expect(text).toBe(
      "atomic-update on 6.12 with counters=1, wraps=false holds in every interleaving: 2 executions, none of them wrong.",
    );
  });
});

describe("a scenario that breaks", () => {
  test("fails with the property, the columns and the call that replays it, which does", () => {
    const text = failureOf(() => expect(lostUpdate).toHoldInEveryInterleaving());
    const token = tokenIn(text);
    expect(text).toBe(`\
lost-update does not hold in every interleaving: it broke "both increments count" in execution 2, with 1 preemption.

CPU0 a                 | CPU1 b
-----------------------+-----------------------
READ_ONCE(counter) = 0 |
                       | READ_ONCE(counter) = 0
                       | WRITE_ONCE(counter, 1)
WRITE_ONCE(counter, 1) |

*** both increments count: both increments count

Replay it with: expect(scenario).toReplay("${token}")`);
    expect(lostUpdate).toReplay(token);
  });

  test("passes with .not", () => {
    expect(lostUpdate).not.toHoldInEveryInterleaving();
  });

  test("names a guard that was taken out; its token needs no second mention of it", () => {
    expect(mailbox).toHoldInEveryInterleaving();
    expect(mailbox).not.toHoldInEveryInterleaving({ ablations: [EARLY] });
    const text = failureOf(() => expect(mailbox).toHoldInEveryInterleaving({ ablations: [EARLY] }));
    expect(text).toMatch(
      /^mailbox \(receive without rechecking is_sent\) does not hold .* "the message arrives" in execution \d, with \d preemptions?\.\n/,
    );
    expect(mailbox).toReplay(tokenIn(text));
  });

  test("names a memory model", () => {
    expect(raisedFlags).toHoldInEveryInterleaving();
    const text = failureOf(() => expect(raisedFlags).toHoldInEveryInterleaving({ memory: "tso" }));
    expect(text).toMatch(
      /^raised-flags under tso does not hold in every interleaving: it broke "at most one enters"/,
    );
    expect(raisedFlags).toReplay(tokenIn(text));
  });

  test("shows what the violation has to say besides, below its name", () => {
    const telling = defineScenario({
      name: "telling",
      setup: () => new Cell("counter", 0),
      threads: {
        *a(counter) {
          yield* writeOnce(counter, 1);
          violate("house rule", "nobody writes", ["a wrote", "and b knew"]);
        },
      },
      properties: [],
    });
    const [first, ...more] = failureOf(() => expect(telling).toHoldInEveryInterleaving()).split("\n");
    expect(first).toBe(
      'telling does not hold in every interleaving: it broke "house rule": nobody writes in execution 1, with 0 preemptions.',
    );
    expect(more.slice(0, 3)).toEqual(["a wrote", "and b knew", ""]);
  });

  test("replays what shows only when executions are put together", () => {
    const text = failureOf(() => expect(fixedWinner).toHoldInEveryInterleaving());
    expect(text).toMatch(
      /^fixed-winner does not hold .* it broke "fixed winner": somebody else has won elsewhere in/,
    );
    expect(fixedWinner).toReplay(tokenIn(text), "fixed winner");
    expect(fixedWinner).toBeFoundBy(random, { within: 20, oracle: "fixed winner" });
  });

  test("a finding that needs no guard taken out says nothing about the guard", () => {
    fails(
      () => [lostUpdate, { ablations: [EARLY] }],
      'receive/read_once/is_sent=true matched no operation of lost-update (receive without rechecking is_sent): a misspelt site, or code that never ran. It broke "both increments count" without.',
    );
  });

  test("a long counterexample is shown by its ends", () => {
    const long = { ...writers(2, 100), properties: lostUpdate.properties };
    const rows = failureOf(() => expect(long).toHoldInEveryInterleaving()).split("\n");
    // Heading, ruler, 200 writes, a blank and the property: 204 rows, of which 120 stay.
    expect(rows.indexOf("... 84 rows left out ...")).toBe(2 + 30);
    expect(rows.slice(-4, -2)).toEqual(["", "*** both increments count: both increments count"]);
    expect(rows).toHaveLength(2 + 120 + 1 + 2);
  });
});

describe("nothing is known, so it fails both ways:", () => {
  test("too few executions", () => {
    fails(
      () => [atomicUpdate, { executionsMax: 2 }],
      "The search of atomic-update on 6.12 with counters=1, wraps=false is not complete: it stopped at executionsMax 2: " +
        "2 executions, nothing found, nothing proved. Raise it.",
    );
  });

  test("a strategy that samples", () => {
    fails(
      () => [writers(2, 2), { strategy: random({ randomSeed: 1, executionsMax: 1_000 }) }],
      'The search of writers is not complete: strategy "random" ended, and it does not cover every interleaving: ' +
        "1,000 executions, nothing found, nothing proved.",
    );
  });

  test("a bound that cuts off", () => {
    fails(
      () => [writers(2, 2), { strategy: iterativeBound({ preemptionsMax: 1 }) }],
      // Without preemption 2, with at most one 4: aabb, bbaa, abba, baab.
      'The search of writers is not complete: strategy "bounded" ended, and its bound of 1 preemption left interleavings out: ' +
        "6 executions, nothing found, nothing proved.",
    );
  });

  test("a strategy that is used up", () => {
    const strategy = exhaustive();
    expect(atomicUpdate).toHoldInEveryInterleaving({ strategy });
    fails(
      () => [atomicUpdate, { strategy }],
      "Not one execution of atomic-update on 6.12 with counters=1, wraps=false was run. " +
        'The strategy "dfs" may have been used before: make a new one.',
    );
  });

  test("a sometimes property that is never reached", () => {
    fails(
      () => [idle, {}],
      "idle on 6.12 with counters=1, wraps=false never got there: the counter is 3. " +
        "Nothing was wrong in 2 executions, but they do not show what the scenario is about.",
    );
  });

  test("an ablation that matches nothing", () => {
    fails(
      () => [mailbox, { ablations: [without.site("recieve/read_once/is_sent")] }],
      "recieve/read_once/is_sent matched no operation of mailbox (without recieve/read_once/is_sent): " +
        "a misspelt site, or code that never ran.",
    );
  });

  test("the step limit", () => {
    fails(() => [busy, {}], "An execution of busy was cut off after 200 steps; raise its stepsMax.");
  });

  test("a scenario that remembers earlier executions", () => {
    fails(
      () => [careless(), {}],
      /^careless is not reproducible: it behaved otherwise before the search than after it\. Usual/,
    );
    fails(
      () => [careless(), { checkDeterminism: true }],
      /^careless is not reproducible\. Step \d was ".*" the first time/,
    );
  });

  test("a finding of an execution that went otherwise the second time", () => {
    fails(() => [careless(2), { checkDeterminism: true }], /^careless is not reproducible\. Step \d was "/);
  });

  test("a finding that its token does not show again", () => {
    fails(
      () => [careless(3), {}],
      /^careless broke "not that run", but its token does not show that again\. replay diverged: /,
    );
  });
});

describe("misuse", () => {
  test("something that is no scenario", () => {
    const text = "expect() was given no scenario. Make one with defineScenario.";
    for (const other of [undefined, null, 5, {}, lostUpdate.threads]) {
      expect(failureOf(() => expect(other).toHoldInEveryInterleaving())).toBe(text);
      expect(failureOf(() => expect(other).not.toHoldInEveryInterleaving())).toBe(text);
    }
  });

  test("inside an asymmetric comparison, what is unknown matches neither way", () => {
    expect([atomicUpdate]).toEqual([expect.toHoldInEveryInterleaving()]);
    expect([lostUpdate]).not.toEqual([expect.toHoldInEveryInterleaving()]);
    expect([busy]).not.toEqual([expect.toHoldInEveryInterleaving()]);
  });

  test("types", () => {
    const wrong = (): void => {
      // @ts-expect-error There is no such option.
      expect(lostUpdate).toHoldInEveryInterleaving({ executions: 5 });
      // @ts-expect-error A strategy, not what makes one.
      expect(lostUpdate).toHoldInEveryInterleaving({ strategy: pct });
      // @ts-expect-error How many executions?
      expect(lostUpdate).toBeFoundBy(random);
      // @ts-expect-error A token is a text.
      expect(lostUpdate).toReplay(5);
    };
    expect(wrong).toBeTypeOf("function");
  });
});

/** Fails with one text, and with the same under `.not`. Strategies, and careless scenarios, are made anew for each. */
function fails(make: () => readonly [scenario: unknown, options: HoldOptions], text: string | RegExp): void {
  const texts = [false, true].map((isNot) => {
    const [scenario, options] = make();
    const expectation = isNot ? expect(scenario).not : expect(scenario);
    return failureOf(() => expectation.toHoldInEveryInterleaving(options));
  });
  const wanted: unknown = typeof text === "string" ? text : expect.stringMatching(text);
  expect(texts).toEqual([wanted, wanted]);
}

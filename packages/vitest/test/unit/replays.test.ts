/** `toReplay` passes while a token shows what it was made for, and tells apart the ways in which it does not. */

import "@mmrace/vitest";
import { atEnd, exhaustive, explore, writeOnce, type Cell, type Scenario } from "@mmrace/scheduler";
import { expectViolation } from "@mmrace/scheduler/testing";
import { expect, test } from "vitest";
import { atomicUpdate, failureOf, lostUpdate, tokenIn } from "../programs.ts";

const LOST = "both increments count";
const { token } = expectViolation(explore(lostUpdate, exhaustive()), LOST);

test("a token that shows its violation passes, of the oracle that was asked for", () => {
  expect(lostUpdate).toReplay(token);
  expect(lostUpdate).toReplay(token, LOST);
});

test("where it should show nothing, it comes with the columns and itself", () => {
  const text = failureOf(() => expect(lostUpdate).not.toReplay(token));
  expect(text).toMatch(
    /^The token should show nothing wrong in lost-update, but it breaks "both increments count"\.\n\nCPU0 a +\| CPU1 b\n/,
  );
  expect(tokenIn(text)).toBe(token);
});

test("a property that forgives: the schedule goes the recorded way and nothing is wrong", () => {
  const forgiving = { ...lostUpdate, properties: [atEnd<Cell<number>>(LOST, ({ value }) => value > 0)] };
  expect(forgiving).not.toReplay(token);
  expect(failureOf(() => expect(forgiving).toReplay(token))).toBe(
    "The token should show something wrong in lost-update, but its 4 steps go the recorded way and nothing is wrong with them.",
  );
});

test("another oracle than asked for fails both ways", () => {
  failBoth(
    lostUpdate,
    [token, "deadlock"],
    'The token should break "deadlock" in lost-update, but it breaks "both increments count".',
  );
});

test("a model that behaves otherwise fails both ways: the token says nothing about it", () => {
  const changed: Scenario<Cell<number>> = {
    ...lostUpdate,
    threads: {
      ...lostUpdate.threads,
      *b(counter) {
        yield* writeOnce(counter, 2);
      },
    },
  };
  failBoth(
    changed,
    [token],
    /^lost-update: replay diverged: The token was made on model [0-9a-f]+; this is model/,
  );
});

test("a token of another scenario, variant or parameter fails both ways", () => {
  failBoth(
    atomicUpdate,
    [token],
    "The token is one of lost-update, and this is atomic-update on 6.12 with counters=1, wraps=false.",
  );
  failBoth(
    { ...lostUpdate, variant: "6.11" },
    [token],
    "The token is one of lost-update, and this is lost-update on 6.11.",
  );
  failBoth(
    { ...lostUpdate, parameters: { counters: 1 } },
    [token],
    "The token is one of lost-update, and this is lost-update with counters=1.",
  );
});

test("a damaged token, or none, fails both ways", () => {
  failBoth(lostUpdate, [token.slice(0, -3)], /^The token is (damaged|cut short)/);
  failBoth(lostUpdate, ["lost-update"], /^This is no token/);
});

/** Fails with one text, and with the same under `.not`. */
function failBoth(
  scenario: unknown,
  call: readonly [token: string, oracle?: string],
  text: string | RegExp,
): void {
  const texts = [expect(scenario), expect(scenario).not].map((expectation) =>
    failureOf(() => expectation.toReplay(...call)),
  );
  const wanted: unknown = typeof text === "string" ? text : expect.stringMatching(text);
  expect(texts).toEqual([wanted, wanted]);
}

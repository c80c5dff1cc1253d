/** Tokens survive mail, and a damaged one never replays something else. */

import {
  Cell,
  decodeToken,
  defineScenario,
  encodeToken,
  exhaustive,
  explore,
  readOnce,
  replay,
  replayToken,
  UsageError,
  writeOnce,
  without,
  type Scenario,
  type TokenContent,
} from "@mmrace/scheduler";
import { expectViolation } from "@mmrace/scheduler/testing";
import fc from "fast-check";
import { expect, test } from "vitest";
import { lostUpdate, type Counter } from "../programs.ts";

const found = expectViolation(explore(lostUpdate, exhaustive()), "both increments count");

test("a token says all there is to say", () => {
  const content: TokenContent = {
    scenario: "a-b",
    variant: "6.12",
    parameters: { size: 4, fast: true, name: "ü" },
    ablations: [
      without.site("f/spin_lock/pte_lock/2"),
      without.recheck("f", "pmd", { nth: 1, answer: null }),
    ],
    memory: "tso",
    given: ["lock order: a, b", "lock order: b, c"],
    fingerprint: -5,
    schedule: Uint8Array.of(0, 255, 1, 0),
    checks: [0xffff, 1],
  };
  const read = decodeToken(encodeToken(content));
  expect({ ...read, ablations: read.ablations.map(({ site, answer }) => ({ site, answer })) }).toEqual({
    ...content,
    ablations: content.ablations.map(({ site, answer }) => ({ site, answer })),
  });
});

test("a finding replays from its token, also after mail has broken and quoted it", () => {
  expect(explore(lostUpdate, replay(found.token)).violations).toEqual([found]);
  const mailed = `${found.token.slice(0, 20)}\n> ${found.token.slice(20)}  \n`;
  expect(replayToken(lostUpdate, decodeToken(mailed))).toEqual({
    kind: "reproduced",
    violation: found,
    steps: found.steps,
  });
});

test.each([
  ["no token", "hello", /no token/],
  ["cut short", found.token.slice(0, -3), /damaged|cut short/],
  ["only the prefix", "mmr1.", /cut short/],
  ["a foreign character", `${found.token.slice(0, 10)}!${found.token.slice(11)}`, /"!" cannot stand in it/],
  ["one character too many", `${found.token}x`, /damaged/],
  ["a version from the future", `mmr1.${Buffer.from([9, 0, 0, 0, 0, 0]).toString("base64url")}`, /version 9/],
])("%s is refused with a sentence", (_name, token, message) => {
  expect(() => decodeToken(token)).toThrow(UsageError);
  expect(() => decodeToken(token)).toThrow(message);
});

test("no change of one character goes unnoticed", () => {
  fc.assert(
    fc.property(fc.nat(found.token.length - 6), fc.constantFrom(..."ABCabc019_-"), (at, character) => {
      const position = at + 5;
      fc.pre(found.token[position] !== character);
      const changed = found.token.slice(0, position) + character + found.token.slice(position + 1);
      expect(() => decodeToken(changed)).toThrow(UsageError);
    }),
    { seed: 1, numRuns: 500 },
  );
});

/** The lost update in another version: thread b adds two. */
function otherVersion(add: number): Scenario<Counter> {
  return defineScenario<Counter>({
    ...lostUpdate,
    threads: {
      *a({ cell }) {
        yield* writeOnce(cell, (yield* readOnce(cell)) + 1);
      },
      *b({ cell }) {
        yield* writeOnce(cell, (yield* readOnce(cell)) + add);
      },
    },
  });
}

test("a model that only looks different replays the token; one that behaves differently says that it diverged", () => {
  expect(replayToken(otherVersion(1), decodeToken(found.token)).kind).toBe("reproduced");
  const replayed = replayToken(otherVersion(2), decodeToken(found.token));
  expect(replayed).toMatchObject({
    kind: "diverged",
    message: expect.stringMatching(/^replay diverged: .*model [0-9a-f]{8}/),
  });
});

test("a replay that leaves the recorded path says where, what was expected and what was found", () => {
  const shorter = defineScenario<Counter>({
    ...lostUpdate,
    setup: () => ({ cell: new Cell("other", 0) }),
  });
  const replayed = replayToken(shorter, decodeToken(found.token));
  expect(replayed).toMatchObject({
    kind: "diverged",
    step: 0,
    found: expect.stringMatching(/^a running 1 steps from a\/read_once\/other/),
  });
});

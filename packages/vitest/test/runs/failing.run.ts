/** Two tests that fail, one after the other. Run by test/e2e. */

import "@mmrace/vitest";
import { random } from "@mmrace/scheduler";
import { expect, test } from "vitest";
import { atomicUpdate, lostUpdate } from "../programs.ts";

test("first", () => {
  expect(lostUpdate).toHoldInEveryInterleaving();
});

test("second", () => {
  expect(atomicUpdate).toBeFoundBy(random, { within: 25 });
});

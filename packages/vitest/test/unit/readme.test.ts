/** The README shows what a failure looks like; its program is compared and run elsewhere (tools/tidy, tools/pack-check). */

import "@mmrace/vitest";
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { failureOf, lostUpdate, tokenIn } from "../programs.ts";

const readme = readFileSync(new URL("../../README.md", import.meta.url), "utf8");

test("the failure is a real one, but for the length of its token", () => {
  const shown = /```text\n([^`]+)\n```/.exec(readme)?.[1];
  const real = failureOf(() => expect(lostUpdate).toHoldInEveryInterleaving());
  expect(shown).toBe(real.replace(tokenIn(real), "mmr1..."));
});

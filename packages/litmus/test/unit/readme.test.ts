/** The example of the readme does what it says. */

import { readFileSync } from "node:fs";
import { litmusText, parseLitmus, runLitmus } from "@mmrace/litmus";
import { expect, test } from "vitest";

test("the example", () => {
  const readme = readFileSync(new URL("../../README.md", import.meta.url), "utf8");
  const [, program] = /`(X86_64 SB[^`]*)`/.exec(readme)!;
  const litmus = parseLitmus(program!.replaceAll("\\\\", "\\"), "SB.litmus");
  expect(litmusText(runLitmus(litmus, { memory: "tso" }))).toMatch(/^Test SB Allowed\nStates 4\n/);
  expect(runLitmus(litmus, { memory: "sc" }).observation).toBe("Never");
});

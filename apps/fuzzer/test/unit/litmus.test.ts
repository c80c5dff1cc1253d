/** `mmrace litmus`: answers, violations, and files that are wrong. */

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { mmrace, violationsOf } from "../run.ts";

let folder = "";
let files = 0;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "mmrace-test-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

describe("litmus", () => {
  const file = (text: string): string => {
    const path = join(folder, `${files++}.litmus`);
    writeFileSync(path, text);
    return path;
  };
  const program = (condition: string): string =>
    `X86_64 SB\n{ }\nP0 | P1 ;\nmovq $1,(x) | movq $1,(y) ;\nmovq (y),%rax | movq (x),%rax ;\n${condition}\n`;

  test("an exists is answered; a forall that fails is a violation", async () => {
    const asked = file(program("exists (0:rax=0 /\\ 1:rax=0)"));
    const answered = await mmrace("litmus", asked, "--json");
    expect(answered.parsed).toMatchObject({ exitCode: 0, memory: "tso", complete: true, violations: [] });
    expect(answered.parsed["tests"]).toMatchObject([
      { ok: true, observation: "Sometimes", positive: 1, outcomes: 4 },
    ]);
    const claimed = file(program("forall (0:rax=1 \\/ 1:rax=1)"));
    const broken = await mmrace("litmus", claimed, asked);
    expect([broken.exitCode, violationsOf(broken)[0]!.signature]).toEqual([3, "litmus condition @ SB"]);
    expect(broken.text.match(/^Test SB/gm)).toHaveLength(2);
    expect((await mmrace("litmus", claimed, "--memory", "sc")).exitCode).toBe(0);
  });

  test("an instruction that is not known is named with its place", async () => {
    const strange = file(program("exists (true)").replace("movq (y)", "popcnt (y)"));
    await expect(mmrace("litmus", strange)).rejects.toThrow(/\.litmus:5:1: unknown instruction "popcnt"/);
  });
});

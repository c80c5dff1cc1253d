/** Programs that hunts have kept: begun with, run again on another model, brought together, made fewer; none is lost. */

import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { kernelById } from "@mmrace/mm";
import { parseProgram, programName, programText } from "@mmrace/mm/programs";
import { describe, expect, test } from "vitest";
import { fingerprintOfProgram } from "../../src/programs/program-folder.ts";
import { ownFolder } from "../own-folder.ts";
import { mmrace } from "../run.ts";

const own = ownFolder("kept");

interface Hunted {
  readonly tried: number;
  readonly kept: number;
  readonly folder: string;
}

/** A short hunt. */
async function hunt(corpus: string, count: number, seed: number): Promise<Hunted> {
  const budget = ["--programs", String(count), "--executions", String(50 * count), "--seed", String(seed)];
  const run = await mmrace(
    "fuzz",
    ...budget,
    "--kernel",
    "6.18",
    "--corpus",
    join(own.folder, corpus),
    "--json",
  );
  return run.parsed["programs"] as Hunted;
}

/** One thread alone meets nobody, so it shows nothing. */
const ALONE = parseProgram("process 1:\n\nthread a:\nexit_group(0x0)\n");

test("on another model: programs that cannot be run are moved, others are run again, one's own stay", async () => {
  const first = await hunt("corpus", 4, 1);
  const programs = join(own.folder, "corpus", "programs-6.18");
  expect(first.folder).toBe(programs);
  const names = readdirSync(programs).toSorted();
  expect(names).toHaveLength(first.kept);
  const [stale, edited] = names;
  const textOf = (name: string): string => readFileSync(join(programs, name), "utf8");
  const before = textOf(stale!);
  expect(before).toMatch(/^# Kept by mmrace \S+ on 6\.18, model [\da-f]+\.\nprogram ptes=/);
  const ofOther = (text: string): string => text.replace(/model [\da-f]+\./, "model 0.");
  writeFileSync(join(programs, stale!), ofOther(before));
  writeFileSync(join(programs, edited!), `# mine now\n${ofOther(before)}`);
  writeFileSync(join(programs, "damaged.prog"), "program ptes=4 pmds=2:\nthread a:\nmunm");
  const nothing = `${programName(ALONE)}.prog`;
  writeFileSync(join(programs, nothing), `# Kept by mmrace 0.0.0 on 6.18, model 0.\n${programText(ALONE)}`);

  const second = await hunt("corpus", 4, 1);
  expect(own.said).toMatch(
    /The program damaged\.prog cannot be run: line 3, column 5: .* It was moved to .*quarantine/,
  );
  expect(own.said).toMatch(new RegExp(`Another model has kept 2 programs of ${names.length + 1} in `));
  expect(second.tried).toBe(4 + names.length + 1);
  expect(readdirSync(`${programs}.quarantine`)).toEqual(["damaged.prog"]);
  expect(readdirSync(`${programs}.superseded`)).toEqual([nothing]);
  expect(textOf(stale!)).toBe(before);
  expect(textOf(edited!)).toBe(`# mine now\n${ofOther(before)}`);
});

describe("corpus", () => {
  test("merge adds what shows something new; minimize puts aside what does not", async () => {
    await hunt("from", 3, 1);
    await hunt("also", 3, 2);
    const to = join(own.folder, "to");
    const merge = ["corpus", "merge", join(own.folder, "from"), join(own.folder, "also"), to];
    const merged = await mmrace(...merge);
    const [facts] = merged.parsed["folders"] as readonly Record<string, number>[];
    expect(facts).toMatchObject({ scenario: "programs", kernel: "6.18", before: 0 });
    const programs = join(to, "programs-6.18");
    expect(readdirSync(programs)).toHaveLength(facts!["added"]!);
    expect(facts!["added"]).toBeGreaterThan(0);
    // All over again: nothing is new.
    const again = await mmrace(...merge);
    expect(again.parsed).toMatchObject({ folders: [{ offered: facts!["offered"], added: 0 }] });

    const nothing = `${programName(ALONE)}.prog`;
    const fingerprint = fingerprintOfProgram(ALONE, kernelById("6.18"));
    const head = `# Kept by mmrace 0.0.0 on 6.18, model ${fingerprint}.`;
    writeFileSync(join(programs, nothing), `${head}\n${programText(ALONE)}`);
    writeFileSync(join(programs, "mine.prog"), programText(ALONE));
    const minimized = await mmrace("corpus", "minimize", programs);
    const count = facts!["added"]! + 2;
    const [after] = minimized.parsed["folders"] as readonly Record<string, number>[];
    expect(after!["before"]).toBe(count);
    expect(readdirSync(programs)).toHaveLength(after!["after"]!);
    expect(readdirSync(`${programs}.superseded`)).toContain(nothing);
    expect(readdirSync(programs)).toContain("mine.prog");
    expect(minimized.text).toMatch(/^programs on 6\.18: \d+ programs, \d+ of them needed; the others are in/);
  }, 300_000);
});

/** `mmrace reproduce`: tables that say where preemptions are, programs that compile and run. */

import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ablationsOf, bugs, scenarioFamilies, type Bug, type ScenarioFamily, type World } from "@mmrace/mm";
import { generateProgram, programScenario } from "@mmrace/mm/programs";
import {
  Engine,
  explore,
  findingOf,
  iterativeBound,
  modelFingerprint,
  Prng,
  random,
  UsageError,
  type Scenario,
  type Violation,
} from "@mmrace/scheduler";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { allHelpers, cProgram } from "../../src/reproduce/c-program.ts";
import type { HoldRow } from "../../src/reproduce/holds.ts";
import { lacks } from "../../src/reproduce/releases.ts";
import { userspaceOf } from "../../src/reproduce/reproducer.ts";
import { compiled, hasCompiler } from "../compiler.ts";
import { mmrace, type Run } from "../run.ts";

const page = readFileSync(new URL("../../../../docs/why/reproduce-on-a-kernel.md", import.meta.url), "utf8");

let folder = "";
let canCompile = false;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "mmrace-reproduce-"));
  canCompile = hasCompiler();
});
afterAll(() => rmSync(folder, { recursive: true }));

function isExpressible({ userspace }: ScenarioFamily): boolean {
  return userspace !== undefined && !("notExpressible" in userspace);
}

const expressible = scenarioFamilies.filter(isExpressible);

/** The finding of a catalogued bug with the fewest preemptions. */
function findingOfBug({ family, buggy, oracle, ...bug }: Bug): Violation {
  const { violations } = explore(family.on(buggy), iterativeBound({ preemptionsMax: 3 }), {
    stopWhen: (found) => found.oracle === oracle,
    ablations: ablationsOf({ family, buggy, oracle, ...bug }),
  });
  return violations.find((found) => found.oracle === oracle)!;
}

function anyToken(family: ScenarioFamily): string {
  return tokenOf(family.on(family.kernelDefault));
}

/** A token of some schedule, whatever comes of it. */
function tokenOf(scenario: Scenario<World>): string {
  const engine = new Engine(scenario);
  const strategy = random({ randomSeed: 7, executionsMax: 1 });
  strategy.beginExecution();
  engine.run(strategy);
  const ending = { kind: "violation", oracle: "none", message: "none" } as const;
  return findingOf(engine, ending, modelFingerprint(scenario)).token;
}

/** With the threads in the order of their names. */
function programOf(name: string): string {
  const userspace = userspaceOf(name);
  const threads = Object.keys(userspace.threads).map((thread, cpu) => ({ name: thread, cpu }));
  return cProgram(userspace, threads, ["x"]);
}

function rowsOf(run: Run): readonly HoldRow[] {
  return run.parsed["holds"] as never;
}

describe("every family", () => {
  test("says what user space does, or why it cannot", () => {
    expect(
      scenarioFamilies.filter(({ userspace }) => userspace === undefined).map(({ name }) => name),
    ).toEqual([]);
    expect(expressible.length).toBeGreaterThan(55);
  });

  test.each(expressible.map((family) => [family.name, family] as const))(
    "%s says it of each of its threads, and of no other",
    (name, family) => {
      const threads = Object.keys(family.on(family.kernelDefault).threads);
      expect(Object.keys(userspaceOf(name).threads).toSorted()).toEqual(threads.toSorted());
    },
  );

  test("what cannot be expressed is refused with the reason, and stands in the docs", async () => {
    const others = scenarioFamilies.filter((family) => !isExpressible(family));
    expect(others.length).toBeGreaterThan(0);
    for (const family of others) {
      await expect(mmrace("reproduce", anyToken(family))).rejects.toThrow(
        /is not expressible as system calls: /,
      );
      expect(page).toContain(`\`${family.name}\``);
    }
  });
});

describe("catalogued bugs", () => {
  const shown = bugs.filter(({ family }) => isExpressible(family));

  test.each(shown.map((bug) => [bug.id, bug] as const))(
    "%s: one row for each preemption, as the finding counts them",
    async (_id, bug) => {
      const { token, preemptions } = findingOfBug(bug);
      const run = await mmrace("reproduce", token);
      expect(run.exitCode).toBe(3);
      const rows = rowsOf(run);
      expect(rows.filter(({ kind }) => kind === "preemption")).toHaveLength(preemptions);
      for (const { comm, cpu, before, until } of rows) {
        expect(run.text).toContain(`\`${comm}\``);
        expect(run.text).toContain(before.site);
        expect(run.text).toContain(until.site);
        expect(run.parsed["program"]).toContain(`begin("${comm}", ${cpu}, ${cpu});`);
      }
    },
  );
});

test("under x86-TSO nobody holds up a store buffer, and a row may wait for one", async () => {
  const family = scenarioFamilies.find(({ name }) => name === "cpmt-vs-uffdcopy")!;
  const scenario = family.on(family.kernelDefault);
  const { violations } = explore(scenario, random({ randomSeed: 3, executionsMax: 400 }), {
    memory: "tso",
  });
  const run = await mmrace("reproduce", violations[0]!.token);
  const threads = Object.keys(scenario.threads);
  expect(rowsOf(run).filter(({ thread }) => !threads.includes(thread))).toEqual([]);
  expect(rowsOf(run).filter(({ untilIsMachine }) => untilIsMachine).length).toBeGreaterThan(0);
  expect(run.text).toMatch(/until the machine \(/);
  expect(run.parsed["differs"]).toContainEqual(expect.stringContaining("x86-TSO"));
});

describe("programs", () => {
  test.each(expressible.map((family) => [family.name, family] as const))(
    "%s compiles without a warning; a round ends, or is not supported here",
    async (name, family) => {
      const { parsed } = await mmrace("reproduce", anyToken(family), "--json");
      if (!canCompile) return;
      const binary = compiled(folder, name, parsed["program"] as string);
      const { status, signal, stdout, stderr } = spawnSync(binary, ["1", "20"], {
        cwd: folder,
        encoding: "utf8",
        timeout: 40_000,
      });
      expect([0, 77], `${signal ?? status}: ${stdout}${stderr}`).toContain(status);
      if (status === 0) expect(stdout).toMatch(/^1 rounds; \d+ calls or accesses of the race were refused$/m);
      else expect(stderr).toMatch(/not supported here/);
    },
  );

  test("every piece of C is in some program, and each program has its own only", () => {
    const programs = expressible.map(({ name }) => programOf(name));
    const unused = allHelpers.filter(({ code }) => !programs.some((text) => text.includes(code)));
    expect(unused.map(({ name }) => name)).toEqual([]);
    expect(programOf("fault-vs-fault")).not.toMatch(/uffd|kvm/i);
  });

  test("a description that contradicts itself is refused", () => {
    const area = { vma: { slot: 0 } };
    const one = [{ name: "one", cpu: 0 }];
    expect(() => cProgram({ areas: area, threads: {} }, one, [])).toThrow(/not say what its thread "one"/);
    const thread = { does: [{ call: "load", at: { area: "nowhere", page: 0 } }] } as const;
    expect(() => cProgram({ areas: area, threads: { one: thread } }, one, [])).toThrow(/no area "nowhere"/);
    const far = { does: [{ call: "load", at: { area: "vma", page: 512 } }] } as const;
    expect(() => cProgram({ areas: area, threads: { one: far } }, one, [])).toThrow(/Page 512 is not in/);
    const alone = { areas: area, threads: {}, processes: { other: {} } };
    expect(() => cProgram(alone, [], [])).toThrow(/must have one thread, not 0/);
    expect(() => userspaceOf("no-such")).toThrow(UsageError);
  });
});

describe("the command", () => {
  const token = anyToken(expressible[0]!);

  test("writes a program and a table; says what a release does not have", async () => {
    const out = join(folder, "race");
    const run = await mmrace("reproduce", token, "--out", out, "--kernel", "6.1");
    expect(run.exitCode).toBe(0);
    expect(readFileSync(join(out, "reproduce.c"), "utf8")).toBe(run.parsed["program"]);
    expect(readFileSync(join(out, "holds.md"), "utf8")).toContain("| # | hold |");
    expect(run.text).toMatch(/^Written: .*reproduce\.c, .*holds\.md/);
    expect(lacks(userspaceOf("uffdmove-crossing"), "6.6")).toEqual([
      "UFFDIO_MOVE needs Linux 6.8, and 6.6 does not have it",
    ]);
    expect(lacks(userspaceOf("uffdmove-crossing"), "6.18")).toEqual([]);
  });

  test("reads a token out of a file, and refuses what is none", async () => {
    expect((await mmrace("reproduce", token)).parsed).toMatchObject({ replay: "clean", token });
    await expect(mmrace("reproduce", "mmr1.AAAA")).rejects.toThrow(UsageError);
    const program = programScenario(generateProgram(new Prng(1)), "6.18");
    await expect(mmrace("reproduce", tokenOf(program))).rejects.toThrow(
      /is a program, .* mmrace program show/,
    );
    const out = join(folder, "nothing");
    await expect(mmrace("reproduce", token, "--out", out, "--kernel", "2.4")).rejects.toThrow(UsageError);
    expect(existsSync(out)).toBe(false);
  });
});

test("the example of the docs is what the command writes", async () => {
  const token = /`(mmr1\.[\w-]+)`/.exec(page)![1]!;
  const { parsed } = await mmrace("reproduce", token);
  const markdown = parsed["markdown"] as string;
  const shown = page.split("\n").filter((line) => /^(?:\| \d|\d\. CPU|Then CPU)/.test(line));
  expect(shown).toHaveLength(5);
  for (const line of shown) expect(markdown.split("\n")).toContain(line);
  const program = /```c\n([^`]*)\n```/.exec(page)![1]!;
  expect(program).toContain("begin(");
  expect(parsed["program"]).toContain(program);
});

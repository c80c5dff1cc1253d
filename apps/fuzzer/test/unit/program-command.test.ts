/** Programs on the command line. */

import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseProgram, programName } from "@mmrace/mm/programs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { RACE_PROGRAM } from "../race-program.ts";
import { mmrace, violationsOf, withoutTimes } from "../run.ts";

const RACE = `# CVE-2024-50066\n${RACE_PROGRAM}`;

let folder = "";
const path = (name: string): string => join(folder, name);
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "mmrace-programs-"));
  writeFileSync(path("race.prog"), RACE);
});
afterAll(() => rmSync(folder, { recursive: true }));

interface Listed {
  readonly programs: readonly { readonly scenario: string; readonly text: string; readonly file?: string }[];
}

describe("program", () => {
  test("check puts a program out as mmrace writes it", async () => {
    const run = await mmrace("program", "check", path("race.prog"), "--json");
    const [only] = (run.parsed as unknown as Listed).programs;
    expect(run.parsed).toMatchObject({ schemaVersion: 1, command: "program", exitCode: 0 });
    expect(parseProgram(only!.text)).toEqual(parseProgram(RACE));
    expect(run.text).toContain("thread mremap:\nmremap(&(0x7f0000000000/0x200000)=nil");
  });

  test("what is wrong with a program is said with file, line and column", async () => {
    writeFileSync(path("bad.prog"), RACE.replace("0x7f0000200000)", "0x7f0000200010)"));
    await expect(mmrace("program", "check", path("bad.prog"))).rejects.toThrow(
      /bad\.prog: line 9, column 73: 0x7f0000200010 is not the first address of a page/,
    );
  });

  test("generate: the same random seed writes the same files", async () => {
    const generate = (out: string) =>
      mmrace("program", "generate", "--seed", "5", "--count", "8", "--out", path(out));
    await generate("a");
    await generate("b");
    const files = readdirSync(path("a"));
    expect(files).toHaveLength(8);
    expect(readdirSync(path("b"))).toEqual(files);
    for (const file of files) {
      const program = parseProgram(readFileSync(join(path("a"), file), "utf8"));
      expect(file).toBe(`${programName(program)}.prog`);
    }
  });

  test("import: modelled calls only, unless the rest is left out", async () => {
    writeFileSync(
      path("repro.syz"),
      "mmap(&(0x7f0000000000/0x200000)=nil, 0x200000, 0x3, 0x32, 0xffffffffffffffff, 0x0)\ngetpid()\n" +
        "munmap(&(0x7f0000000000/0x200000)=nil, 0x200000) (async)\n",
    );
    await expect(mmrace("program", "import", path("repro.syz"))).rejects.toThrow(
      /repro\.syz: line 2, column 1: getpid is not modelled/,
    );
    const run = await mmrace(
      "program",
      "import",
      path("repro.syz"),
      "--lenient",
      "--out",
      path("repro.prog"),
    );
    expect(run.json).toMatchObject({ notes: ["line 2: left out, as getpid is not modelled."] });
    expect(parseProgram(readFileSync(path("repro.prog"), "utf8")).threads).toHaveLength(1);
  });

  test("what makes no sense is refused", async () => {
    await expect(mmrace("program", "check")).rejects.toThrow(/Name a file/);
    await expect(mmrace("program", "generate", "x.prog")).rejects.toThrow(/reads no file/);
    await expect(mmrace("explore")).rejects.toThrow(/Name a scenario, or a program/);
    await expect(mmrace("explore", "munmap-vs-fault", "--program", path("race.prog"))).rejects.toThrow(
      /not both/,
    );
    await expect(mmrace("fuzz", "--programs", "2", "--engine", "jsfuzz")).rejects.toThrow(/--engine native/);
  });
});

test("explore finds the race of a program, and its token needs no file", async () => {
  const explored = await mmrace(
    "explore",
    "--program",
    path("race.prog"),
    "--kernel",
    "6.11",
    "--strategy",
    "bounded",
    "--json",
  );
  expect(explored.exitCode).toBe(3);
  const [violation] = violationsOf(explored);
  expect(violation!.oracle).toBe("table shape");
  expect((await mmrace("replay", violation!.token)).exitCode).toBe(3);
  const shown = await mmrace("program", "show", violation!.token, "--json");
  expect(parseProgram((shown.parsed as unknown as Listed).programs[0]!.text)).toEqual(parseProgram(RACE));
  expect((await mmrace("minimize", violation!.token, "--executions", "0")).exitCode).toBe(3);
});

test("fuzz runs a program beside scenarios", async () => {
  const run = await mmrace(
    "fuzz",
    "munmap-vs-fault",
    "--program",
    path("race.prog"),
    "--kernel",
    "6.11",
    "--executions",
    "400",
    "--json",
  );
  const scenarios = run.parsed["scenarios"] as readonly { readonly scenario: string }[];
  expect(scenarios.map(({ scenario }) => scenario)).toEqual([
    "munmap-vs-fault",
    programName(parseProgram(RACE)),
  ]);
  expect(violationsOf(run).map(({ oracle }) => oracle)).toContain("table shape");
});

describe("fuzz --programs", () => {
  const hunt = () =>
    mmrace("fuzz", "--programs", "6", "--executions", "600", "--kernel", "6.17-rc1", "--seed", "3", "--json");

  test("hunts generated programs, the same ones for the same random seed", async () => {
    const [first, second] = [await hunt(), await hunt()];
    expect(withoutTimes(first.parsed)).toEqual(withoutTimes(second.parsed));
    expect(first.parsed).toMatchObject({ executions: 600, programs: { tried: 6 } });
    const { kept } = first.parsed["programs"] as { readonly kept: number };
    expect(kept).toBeGreaterThan(0);
  });

  test("comes upon what a flush is for, and makes the program small", async () => {
    const run = await mmrace(
      "fuzz",
      "--programs",
      "40",
      "--executions",
      "2000",
      "--ablate",
      "tlb_flush_mmu_tlbonly/flush_tlb_mm_range/tlb",
      "--stop-on-first",
      "--json",
    );
    expect(run.exitCode).toBe(3);
    const [violation] = violationsOf(run);
    expect(violation!.oracle).toBe("stale translation");
    expect((await mmrace("replay", violation!.token)).exitCode).toBe(3);
    const { findings } = run.parsed["programs"] as {
      readonly findings: readonly { readonly text: string }[];
    };
    const { threads } = parseProgram(findings[0]!.text);
    expect(threads.map(({ calls }) => calls.length)).toEqual([1, 1]);
  });
});

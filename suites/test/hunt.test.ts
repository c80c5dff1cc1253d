/**
 * The table of docs/reference/executions-to-bug.md. Its column of the random walk must be 1/P within sampling error,
 * where P is known exactly, and the document must say what the present sources make of it.
 */

import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { executionsToBug, hunt, hunters, large, wrong, type Hunter } from "../src/index.ts";

const OPTIONS = { randomSeeds: 100, executionsMax: 2_000 };

const programs = [...Object.values(wrong), ...Object.values(large)].flat();
const document = readFileSync(new URL("../../docs/reference/executions-to-bug.md", import.meta.url), "utf8");

function hunterOf(name: string): Hunter {
  return hunters.find((hunter) => hunter.name === name)!;
}

/** The cell of a program in a table of the document. */
function cellOf(heading: string, program: string, column: string): string {
  const [header = "", ...rows] = document
    .slice(document.indexOf(`### ${heading}`))
    .split("\n")
    .filter((line) => line.startsWith("| "));
  const cells = (line: string): string[] => line.split("|").map((cell) => cell.trim());
  const row = rows.find((line) => line.startsWith(`| ${program} |`)) ?? "";
  return cells(row)[cells(header).indexOf(column)] ?? "";
}

const known = programs.flatMap((program) => {
  const { walkRate } = program.expected;
  return walkRate === undefined ? [] : [[program.id, program, walkRate] as const];
});

describe("random walk", () => {
  // The number of executions to the first finding is geometric: mean 1/P, standard deviation sqrt(1 - P)/P.
  test.each(known)("%s", (id, program, rate) => {
    const { found, mean } = hunt(program, hunterOf("random"), OPTIONS);
    expect(found).toBeGreaterThanOrEqual(OPTIONS.randomSeeds - 1);
    const error = Math.sqrt((1 - rate) / OPTIONS.randomSeeds) / rate;
    expect(mean).toBeGreaterThan(1 / rate - 3.5 * error);
    expect(mean).toBeLessThan(1 / rate + 3.5 * error);
    const shown = Number.parseFloat(cellOf("Executions for each finding", id, "random").replace(",", ""));
    expect(Math.abs(shown - mean)).toBeLessThanOrEqual(mean / 100 + 0.5);
  });

  test("there is something to compare", () => {
    expect(known.length).toBeGreaterThan(20);
  });
});

test("the document is of these sources: cells of other columns", () => {
  const program = programs.find(({ id }) => id === "reorder_4")!;
  for (const name of ["PCT 3", "POS", "SURW", "portfolio"]) {
    const [, median] = hunt(program, hunterOf(name), OPTIONS).quartiles;
    expect(cellOf("Median and quartiles", program.id, name)).toMatch(new RegExp(`^${median} \\(`));
  }
  for (const name of ["preemptions", "delays"]) {
    const executions = executionsToBug(program, hunterOf(name).make(1, 2_000), 2_000);
    expect(cellOf("Searches", program.id, name)).toBe(String(executions));
  }
});

test("a cap that is too low finds nothing, and counts what it spent", () => {
  const program = programs.find(({ id }) => id === "reorder_20")!;
  expect(hunt(program, hunterOf("random"), { randomSeeds: 3, executionsMax: 1 })).toEqual({
    runs: 3,
    found: 0,
    mean: Infinity,
    quartiles: [Infinity, Infinity, Infinity],
  });
  expect(executionsToBug(program, hunterOf("round robin").make(1, 1), 2_000)).toBeUndefined();
});

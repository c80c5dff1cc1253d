/** The repository keeps the house rules. */

import { expect, test } from "vitest";
import { repositoryProgram } from "../src/program.ts";
import { bareYields, clocksAndRandomness, closuresOfSteps } from "../src/rules/banned-syntax.ts";
import { cycles } from "../src/rules/cycles.ts";
import { floatingSteps } from "../src/rules/floating-steps.ts";
import { layering } from "../src/rules/layering.ts";
import { manifests } from "../src/rules/manifests.ts";
import { firstComments, sizes, starExports } from "../src/rules/shape.ts";
import { bareTodos, machineTraces } from "../src/rules/words.ts";
import { repositoryFiles, root, type Problem } from "../src/source-file.ts";

const files = repositoryFiles();

function show(problems: readonly Problem[]): readonly string[] {
  return problems.map(({ path, line, message }) => `${path.replace(root, "")}:${line}: ${message}`);
}

test("there is a repository to check", () => {
  expect(files.length).toBeGreaterThan(100);
});

test.each([
  ["imports follow the layers", layering],
  ["no file imports itself", cycles],
  ["manifests agree with layers and imports", manifests],
  ["models have no bare yield", bareYields],
  ["no execution makes generator functions", closuresOfSteps],
  ["packages read no clock and draw no foreign randomness", clocksAndRandomness],
  ["files and functions are small", sizes],
  ["sources say what they are", firstComments],
  ["exports are named one by one", starExports],
  ["open questions have a topic", bareTodos],
  ["nothing belongs to one machine", machineTraces],
])("%s", (_name, rule) => {
  expect(show(rule(files))).toEqual([]);
});

test("no step floats", () => {
  // x86-paging, which has no steps, is by far the largest; the layers keep it so.
  const models = files
    .map(({ path }) => path)
    .filter((path) => /^(packages\/(?!x86-paging\/)|apps|suites|bench)\b.*\.ts$/.test(path));
  const program = repositoryProgram(models);
  const checked = new Set(models.map((path) => root + path));
  expect(program.getSourceFiles().filter(({ fileName }) => checked.has(fileName))).toHaveLength(
    models.length,
  );
  expect(show(floatingSteps(program, (path) => checked.has(path)))).toEqual([]);
});

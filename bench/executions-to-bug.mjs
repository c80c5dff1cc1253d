// Executions until the first bug, for every strategy on every shape with a bug; rewrites the generated part of
// docs/reference/executions-to-bug.md. Usage: node bench/executions-to-bug.mjs [--check]. Build first: pnpm run build.
// There is no clock in it: equal sources give equal tables, however many workers there are.

import { readFileSync, writeFileSync } from "node:fs";
import { PUBLISHED } from "./published.mjs";
import { figure, splitAtMarks, spread, table } from "./spread.mjs";
import { loadSuites } from "./suites.mjs";

const OPTIONS = { randomSeeds: 100, executionsMax: 2000 };
const DOCUMENT = new URL("../docs/reference/executions-to-bug.md", import.meta.url);
const MARKS = ["<!-- generated: node bench/executions-to-bug.mjs -->", "<!-- end of what is generated -->"];

const { hunters, large, referenceOf, wrong } = await loadSuites();
const programs = [...Object.values(wrong), ...Object.values(large)].flat();

/** All hunts: results by program, then by hunter. The large programs stand at the end and take longest. */
async function huntAll() {
  const results = programs.map(() => []);
  const jobs = programs.flatMap((_, program) => hunters.map((_, hunter) => ({ program, hunter })));
  const worker = new URL("./hunt-worker.mjs", import.meta.url);
  await spread(jobs, worker, OPTIONS, ({ program, hunter, result }) => (results[program][hunter] = result));
  return results;
}

function meanCell(program, hunter, { runs, found, mean }) {
  const reference = referenceOf(program.id, hunter.name);
  const ours = found === 0 ? "none" : figure(mean);
  const share = found === runs || found === 0 ? "" : ` (${found}/${runs})`;
  if (!hunter.isRandom || reference === undefined) return ours + share;
  return `${ours}${share} / ${reference === Infinity ? ">20,000" : figure(reference)}`;
}

function quartilesCell({ quartiles: [low, middle, high] }) {
  const cap = `>${OPTIONS.executionsMax.toLocaleString("en")}`;
  const show = (value) => (value === Infinity ? cap : figure(value));
  return low === Infinity ? cap : `${show(middle)} (${show(low)}-${show(high)})`;
}

function report(results) {
  const samplers = hunters.flatMap((hunter, at) => (hunter.isRandom ? [at] : []));
  const searches = hunters.flatMap((hunter, at) => (hunter.isRandom ? [] : [at]));
  const rows = (columns, cell) =>
    programs.map((program, at) => [
      program.id,
      ...columns.map((column) => cell(program, hunters[column], results[at][column])),
    ]);
  const exact = ({ expected: { walkRate } }) => (walkRate === undefined ? "" : figure(1 / walkRate));
  const names = (columns) => columns.map((at) => hunters[at].name);
  return [
    `Random seeds 1 to ${OPTIONS.randomSeeds}; at most ${OPTIONS.executionsMax.toLocaleString("en")} executions for each.`,
    "### Executions for each finding, ours / independent reference",
    table(
      ["shape", "1/P exactly", ...names(samplers)],
      rows(samplers, meanCell).map((row, at) => [row[0], exact(programs[at]), ...row.slice(1)]),
    ),
    "### Median and quartiles of executions to the first finding",
    table(
      ["shape", ...names(samplers)],
      rows(samplers, (_p, _h, result) => quartilesCell(result)),
    ),
    "### Searches: executions to the first finding",
    table(["shape", ...names(searches)], rows(searches, meanCell)),
    "### Published",
    table(
      ["program", ...PUBLISHED.columns],
      Object.entries(PUBLISHED.rows).map(([name, row]) => [name, ...row.split(" | ")]),
    ),
  ].join("\n\n");
}

const document = readFileSync(DOCUMENT, "utf8");
const { before, after } = splitAtMarks(document, "docs/reference/executions-to-bug.md", MARKS);
const text = report(await huntAll());
console.log(text);
const rewritten = `${before}${MARKS[0]}\n\n${text}\n\n${after}`;
if (!process.argv.includes("--check")) writeFileSync(DOCUMENT, rewritten);
else if (rewritten !== document) {
  console.error("docs/reference/executions-to-bug.md is not what this script makes of the present sources.");
  process.exitCode = 1;
}

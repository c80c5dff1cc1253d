// Executions until the first bug, for campaigns guided by coverage and for every baseline, on the bug catalogue and on the
// SCTBench shapes; rewrites the generated part of docs/reference/guidance.md. Usage: node bench/guidance.mjs [--check].
// Build first: pnpm run build. Only the last line has a clock in it, and --check leaves it out.

import { readFileSync, writeFileSync } from "node:fs";
import { rankTest } from "./rank-test.mjs";
import { figure, splitAtMarks, spread, table } from "./spread.mjs";
import { loadSuites } from "./suites.mjs";

await loadSuites();
const { hunters } = await import("./guidance-hunters.mjs");
const { everest, targets } = await import("./guidance-targets.mjs");

const OPTIONS = { randomSeeds: 40 };
const DOCUMENT = new URL("../docs/reference/guidance.md", import.meta.url);
const MARKS = ["<!-- generated: node bench/guidance.mjs -->", "<!-- end of what is generated -->"];
const SIGNIFICANT = 0.05;
const TWICE = 2;

/** All hunts: executions by target, then by hunter. */
async function huntAll() {
  const results = targets.map(() => []);
  const jobs = targets.flatMap((_, target) => hunters.map((_, hunter) => ({ target, hunter })));
  const worker = new URL("./guidance-worker.mjs", import.meta.url);
  await spread(jobs, worker, OPTIONS, ({ target, hunter, executions }, left) => {
    results[target][hunter] = executions.toSorted((a, b) => a - b);
    process.stderr.write(`${targets[target].id}, ${hunters[hunter].name}; ${left} left\n`);
  });
  return results;
}

/** Executions of all runs for each finding; `Infinity` when there was none. */
function meanOf(executions, { executionsMax }) {
  const found = executions.filter((one) => one !== Infinity).length;
  return executions.reduce((sum, one) => sum + Math.min(one, executionsMax), 0) / found;
}

function quartilesOf(executions) {
  return [1 / 4, 1 / 2, 3 / 4].map((part) => executions[Math.ceil(executions.length * part) - 1]);
}

function cell(executions, target) {
  const cap = `>${target.executionsMax.toLocaleString("en")}`;
  const show = (value) => (value === Infinity ? cap : figure(value));
  const found = executions.filter((one) => one !== Infinity).length;
  if (found === 0) return "none";
  const [low, middle, high] = quartilesOf(executions);
  const share = found === executions.length ? "" : ` in ${found}/${executions.length}`;
  return `${figure(meanOf(executions, target))}${share}; ${show(middle)} (${show(low)}-${show(high)})`;
}

/** How coverage does against a baseline: won and lost are by the rank test. */
function comparison(results, baseline) {
  const rows = results.map((row, at) => ({
    ratio: meanOf(row[baseline], targets[at]) / meanOf(row[0], targets[at]),
    p: rankTest(row[0], row[baseline]),
  }));
  const finite = rows.filter(({ ratio }) => Number.isFinite(ratio) && ratio > 0);
  return {
    won: rows.filter(({ ratio, p }) => p < SIGNIFICANT && ratio > 1).length,
    lost: rows.filter(({ ratio, p }) => p < SIGNIFICANT && ratio < 1).length,
    onlyOurs: rows.filter(({ ratio }) => ratio === Infinity).length,
    geometricMean: Math.exp(finite.reduce((sum, { ratio }) => sum + Math.log(ratio), 0) / finite.length),
  };
}

/** Targets on which the best baseline needs less than half of what coverage needs; and whether that is more than chance. */
function lostByTwice(results) {
  return results.flatMap((row, at) => {
    const means = row.map((executions) => meanOf(executions, targets[at]));
    const best = means.indexOf(Math.min(...means.slice(1)), 1);
    const factor = means[0] / means[best];
    if (factor <= TWICE) return [];
    const halves = row[0].map((executions) => executions / TWICE);
    return [
      [
        targets[at].id,
        hunters[best].name,
        figure(means[best]),
        figure(means[0]),
        factor.toFixed(1),
        rankTest(halves, row[best]).toFixed(3),
      ],
    ];
  });
}

function report(results) {
  const baselines = hunters.map((_, at) => at).slice(1);
  const lost = lostByTwice(results);
  return [
    `Random seeds 1 to ${OPTIONS.randomSeeds}; at most 2,000 executions for each, and 500 with a hundred threads.`,
    "### Coverage against each baseline",
    table(
      [
        "baseline",
        "targets won",
        "lost",
        "no difference shown",
        "found by coverage only",
        "executions of the baseline / of coverage, geometric mean",
      ],
      baselines.map((at) => {
        const { won, lost: losses, onlyOurs, geometricMean } = comparison(results, at);
        return [
          hunters[at].name,
          won,
          losses,
          results.length - won - losses,
          onlyOurs,
          geometricMean.toFixed(1),
        ];
      }),
    ),
    "### Where the best baseline needs less than half of the executions",
    lost.length === 0
      ? "Nowhere."
      : table(["target", "baseline", "its mean", "coverage", "factor", "p of more than twice"], lost),
    "### Executions to the first finding: mean; median (quartiles)",
    table(
      ["target", ...hunters.map(({ name }) => name)],
      results.map((row, at) => [targets[at].id, ...row.map((executions) => cell(executions, targets[at]))]),
    ),
  ].join("\n\n");
}

/** The hardest one: executions and seconds of one core. */
function climb() {
  const lines = [1, 2, 3, 4, 5].map((randomSeed) => {
    const start = process.cpuUsage();
    const executions = hunters[0].hunt(everest, randomSeed, 3_000_000);
    const seconds = process.cpuUsage(start).user / 1e6;
    return `${executions?.toLocaleString("en") ?? "none"} executions in ${seconds.toFixed(0)} s`;
  });
  return `${everest.id}, random seeds 1 to 5, on one core: ${lines.join("; ")}.`;
}

const document = splitAtMarks(readFileSync(DOCUMENT, "utf8"), "docs/reference/guidance.md", MARKS);
const text = report(await huntAll());
console.log(text);
if (process.argv.includes("--check")) {
  if (!document.between.includes(text)) {
    console.error("docs/reference/guidance.md is not what this script makes of the present sources.");
    process.exitCode = 1;
  }
} else {
  const generated = `${MARKS[0]}\n\n${text}\n\n### The hardest shape\n\n${climb()}\n\n`;
  writeFileSync(DOCUMENT, document.before + generated + document.after);
}

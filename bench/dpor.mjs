// Partial-order reduction: executions per second, what is pruned, and the counts beside the published ones, all in one run.
// Usage: node bench/dpor.mjs [--all] [--json]. Build first: pnpm run build. `--all` adds the counts of the programs that take minutes.

import { dpor, Engine, exhaustive, optimalDpor, random } from "@mmrace/scheduler";
import { measure, median, ratio } from "./measure.mjs";
import { loadSuites } from "./suites.mjs";

const { correct, slow } = await loadSuites();
const programs = [...Object.values(correct).flat(), ...slow];
const ROUNDS = { rounds: 3, warmUps: 1 };
const IDS = [
  "fib_bench(4)",
  "fib_bench(5)",
  "lastzero(10)",
  "indexer(12)",
  "filesystem(16)",
  "filesystem(22)",
];

/** Sleep sets begin 48 million executions on indexer(11), for one trace: here they get as many as this. */
const BEGUN_MAX = 5_000;
const STRATEGIES = {
  "source-DPOR": () => dpor(),
  "optimal DPOR": () => optimalDpor(),
  "sleep sets": () => exhaustive({ reduction: "sleep-sets" }),
};

/** Runs a search to its end, or until it has begun too many executions. */
function search(program, strategy, begunMax) {
  const engine = new Engine(program.scenario);
  const result = { executions: 0, pruned: 0, steps: 0, isComplete: false };
  strategy.beginExploration?.({ watchesEveryState: false });
  while (result.executions + result.pruned < begunMax && strategy.beginExecution()) {
    if (engine.run(strategy).kind === "pruned") result.pruned++;
    else result.executions++;
    result.steps += engine.sites.length;
  }
  result.isComplete = strategy.isComplete;
  return result;
}

/** One program under every strategy, and under random schedules: what executions cost without any search. */
function rowsOf(id) {
  const program = programs.find((each) => each.id === id);
  const results = {};
  const cases = Object.fromEntries(
    Object.entries(STRATEGIES).map(([name, make]) => [
      name,
      () => {
        results[name] = search(program, make(), name === "sleep sets" ? BEGUN_MAX : Infinity);
        return results[name].executions + results[name].pruned;
      },
    ]),
  );
  cases["random"] = () => search(program, random({ randomSeed: 1, executionsMax: 500 }), Infinity).executions;
  const figures = measure(cases, ROUNDS);
  return Object.entries(results).map(([name, { executions, pruned, steps, isComplete }]) => {
    const perBegun = median(figures[name]);
    return {
      program: id,
      strategy: name,
      published: program.expected.traces,
      executions: isComplete ? executions : `${executions} so far`,
      pruned,
      steps: Math.round(steps / (executions + pruned)),
      perSecond: Math.round((1e9 / perBegun) * (executions / (executions + pruned))),
      begunPerSecond: Math.round(1e9 / perBegun),
      timeRatioToRandom: Number(ratio(figures[name], figures["random"]).toFixed(2)),
    };
  });
}

/** Only the count, once: timing a program of minutes round after round would tell no more. */
function countOf(program) {
  const { executions, pruned, isComplete } = search(program, optimalDpor(), Infinity);
  return {
    program: program.id,
    strategy: "optimal DPOR",
    published: program.expected.traces,
    executions: isComplete ? executions : `${executions} so far`,
    pruned,
  };
}

const counted = process.argv.includes("--all") ? slow.filter(({ id }) => !IDS.includes(id)) : [];
const rows = [...counted.map(countOf), ...IDS.flatMap(rowsOf)];
if (process.argv.includes("--json")) console.log(JSON.stringify({ node: process.version, rows }));
else {
  console.log(`Node ${process.version}, medians of ${ROUNDS.rounds} rounds, processor time of one process.`);
  console.table(rows);
}
const wrong = rows.filter(
  ({ executions, published, strategy }) => strategy !== "sleep sets" && executions !== published,
);
if (wrong.length > 0) {
  console.error(`Counts differ from the published ones: ${wrong.map(({ program }) => program).join(", ")}`);
  process.exitCode = 1;
}

// Search over states: states per second and bytes per state, beside SPIN on the same automata in Promela and beside the same
// search in C, in one run; and what a step costs beside replay on long executions. Fails if a count differs, but for SPIN with
// hash compaction, which may miss states. Takes two to three minutes; with --all more than ten: SPIN gets lastzero(10) too, which
// takes it minutes to compile, and the queued spinlock of three CPUs is searched with symmetry.
// Usage: node bench/states.mjs [--all] [--json]. Build first: pnpm run build. SPIN and a C compiler are used where installed.

import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Cell, defineScenario, searchStates, writeOnce } from "@mmrace/scheduler";
import { Judge } from "../packages/scheduler/dist/states/judge.js";
import { cOf, learn, promelaOf } from "./automata.mjs";
import { measure, median, ratio } from "./measure.mjs";
import { loadSuites } from "./suites.mjs";

const ROUNDS = { rounds: 3, warmUps: 1 };
const HASH_COMPACT = "SPIN, hash compact";

const { correct } = await loadSuites();
const { philosophers } = await import("../suites/dist/stateful/philosophers.js");
const { queuedSpinlock } = await import("../suites/dist/stateful/qspinlock.js");

const suite = Object.values(correct).flat();
const ofSuites = (id) => {
  const { scenario, expected } = suite.find((program) => program.id === id);
  return { name: id, scenario, expected: expected.states };
};
const isAll = process.argv.includes("--all");
const scenarios = [
  { ...ofSuites("lastzero(10)"), withSpin: isAll },
  { ...ofSuites("lastzero(7)"), withSpin: true },
  { name: "dining(11), for ever", scenario: philosophers(11, {}).scenario, withSpin: true },
];

function has(command) {
  return spawnSync("sh", ["-c", `command -v ${command}`]).status === 0;
}

/** Seconds of processor time of a child process, and what it printed. */
function timed(command, args, cwd) {
  const result = spawnSync("bash", ["-c", 'TIMEFORMAT="%U %S"; time "$@"', "bash", command, ...args], {
    cwd,
    encoding: "utf8",
    maxBuffer: 1 << 28,
  });
  if (result.status !== 0) throw new Error(`${command} failed: ${result.stderr}`);
  const [user, system] = result.stderr.trim().split("\n").at(-1).split(" ").map(Number);
  return { seconds: user + system, output: result.stdout };
}

function buildC(learned, folder) {
  writeFileSync(join(folder, "search.c"), cOf(learned));
  execFileSync("gcc", ["-O2", "-o", "search", "search.c"], { cwd: folder });
  return () => {
    const { seconds, output } = timed("./search", [], folder);
    return { seconds, states: Number(output.split(" ")[0]) };
  };
}

function buildSpin(learned, folder, name, flags) {
  writeFileSync(join(folder, "model.pml"), promelaOf(learned));
  // Without -o2 and -o3: statements stay as they are, so states do too.
  execFileSync("spin", ["-a", "-o3", "model.pml"], { cwd: folder, stdio: "ignore" });
  execFileSync("gcc", ["-O2", "-w", "-DSAFETY", "-DNOREDUCE", ...flags, "-o", name, "pan.c"], {
    cwd: folder,
  });
  return () => {
    // Room for a path through all states, where a condition and an effect count as two steps, and two slots of the hash table
    // for each state: not much more, since making room takes time.
    const limits = [`-m${3 * learned.states}`, `-w${Math.ceil(Math.log2(2 * learned.states))}`];
    const { seconds, output } = timed(`./${name}`, [...limits, "-E", "-n"], folder);
    if (output.includes("max search depth too small")) throw new Error("SPIN's stack is too small: -m");
    const number = (pattern) => Number(pattern.exec(output)[1]);
    return {
      seconds,
      states: number(/([\d.e+]+) states, stored/),
      bytesPerState:
        (number(/([\d.]+)\s+total actual memory usage/) * 2 ** 20) / number(/([\d.e+]+) states, stored/),
    };
  };
}

function compare({ name, scenario, expected, withSpin }) {
  const folder = mkdtempSync(join(tmpdir(), "mmrace-states-"));
  try {
    const learned = learn(scenario);
    const others = {};
    if (has("gcc")) others["C, same search"] = buildC(learned, folder);
    if (withSpin && has("gcc") && has("spin")) {
      others.SPIN = buildSpin(learned, folder, "plain", []);
      others[HASH_COMPACT] = buildSpin(learned, folder, "compact", ["-DHC4"]);
    }
    const rows = { mmrace: [] };
    let found;
    for (let round = -ROUNDS.warmUps; round < ROUNDS.rounds; round++) {
      const start = process.cpuUsage();
      found = searchStates(scenario, { stopAtFirst: false });
      const { user, system } = process.cpuUsage(start);
      if (round >= 0)
        rows.mmrace.push({
          seconds: (user + system) / 1e6,
          states: found.states,
          bytesPerState: found.bytes / found.states,
        });
      for (const [other, run] of Object.entries(others)) {
        const figure = run();
        if (round >= 0) (rows[other] ??= []).push(figure);
      }
    }
    const wanted = expected ?? found.states;
    return Object.entries(rows).map(([engine, figures]) => ({
      program: name,
      engine,
      states: figures[0].states,
      missed: wanted - figures[0].states,
      statesPerSecond: Math.round(median(figures.map(({ seconds, states }) => states / seconds))),
      bytesPerState:
        figures[0].bytesPerState === undefined ? undefined : Math.round(figures[0].bytesPerState),
      timeOfMmraceToThis: Number(
        ratio(
          rows.mmrace.map(({ seconds }) => seconds),
          figures.map(({ seconds }) => seconds),
        ).toFixed(2),
      ),
    }));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Three threads with 60 writes of their own and 3 of a cell that all write: executions of 189 steps. */
function long(own, shared) {
  const body = (at) =>
    function* (cells) {
      for (let round = 0; round < shared; round++) {
        for (let i = 0; i < own / shared; i++) yield* writeOnce(cells[at], i);
        yield* writeOnce(cells[3], at);
      }
    };
  return defineScenario({
    name: "long",
    setup: () => Array.from({ length: 4 }, (_, at) => new Cell("cell", 0, { name: `cell ${at}` })),
    threads: { a: body(0), b: body(1), c: body(2) },
    properties: [],
  });
}

/** Getting to a state at the end of an execution and taking its last step: by look-up, and by running from the start. */
function againstReplay() {
  const scenario = long(60, 3);
  const choices = Array.from({ length: 189 }, (_, step) => step % 3);
  const judge = new Judge(scenario, {});
  const figures = measure(
    {
      states: () => searchStates(scenario).transitions,
      replay: () => {
        for (let i = 0; i < 2000; i++) judge.run({ choices, values: [] });
        return 2000;
      },
    },
    ROUNDS,
  );
  const { states, transitions } = searchStates(scenario);
  return {
    steps: choices.length,
    states,
    transitions,
    nsPerTransition: Math.round(median(figures.states)),
    nsPerReplay: Math.round(median(figures.replay)),
    replayToTransition: Number(ratio(figures.replay, figures.states).toFixed(1)),
  };
}

/**
 * The queued spinlock as kernel-tla configures it. TLC says 6,026,907 distinct states, 17,448,913 generated, depth 258: it counts
 * the first state as generated, and states, not steps, along the deepest path.
 */
function orbits() {
  const expected = { states: 6_026_907, transitions: 17_448_912, depth: 257, violations: 0, complete: true };
  const { scenario } = queuedSpinlock({ cpus: 3, pendingLoops: 1 }, {});
  const start = process.cpuUsage();
  const { violations, bytes, ...found } = searchStates(scenario, { symmetry: true, stopAtFirst: false });
  const { user, system } = process.cpuUsage(start);
  const counted = { ...found, violations: violations.length };
  return {
    program: scenario.name,
    ...Object.fromEntries(Object.keys(expected).map((key) => [key, counted[key]])),
    isAsTlcSays: Object.entries(expected).every(([key, value]) => counted[key] === value),
    seconds: (user + system) / 1e6,
    bytesPerState: Math.round(bytes / found.states),
  };
}

const missing = ["gcc", "spin"].filter((command) => !has(command));
const search = scenarios.flatMap(compare);
const report = {
  node: process.version,
  rounds: ROUNDS.rounds,
  missing,
  search,
  replay: againstReplay(),
  orbits: isAll ? orbits() : undefined,
};
if (process.argv.includes("--json")) console.log(JSON.stringify(report));
else {
  for (const command of missing)
    console.log(`${command} is not installed: its rows are missing. Try: apt-get install ${command}`);
  console.log(`Node ${report.node}, medians of ${report.rounds} rounds, processor time.`);
  console.table(report.search);
  console.log("A step of a search over states against running an execution again:");
  console.table([report.replay]);
  if (report.orbits !== undefined) console.log("With symmetry, once:");
  if (report.orbits !== undefined) console.table([report.orbits]);
}
const differing = search.filter(({ engine, missed }) => missed !== 0 && engine !== HASH_COMPACT);
if (differing.length > 0) throw new Error(`Counts differ: ${JSON.stringify(differing)}`);
if (report.orbits?.isAsTlcSays === false) throw new Error(`Counts differ: ${JSON.stringify(report.orbits)}`);

// What a step and an execution cost. Usage: pnpm run bench [--json]. Build first: pnpm run build.

import { Cell, defineProcedures, defineScenario, Engine, pct, random, writeOnce } from "@mmrace/scheduler";
import { scenarioFamilies } from "@mmrace/mm";
import { InterleavingObserver, Novelty } from "../apps/fuzzer/dist/index.js";
import { measure, median, ratio } from "./measure.mjs";

const ROUNDS = { rounds: 9, warmUps: 3 };
const STEPS = 200;
const EXECUTIONS = 100;

/** The floor: two generators that delegate to an object which is its own iterator, in turn, and nothing else. */
class BareOperation {
  #isAnnounced = false;
  [Symbol.iterator]() {
    return this;
  }
  next() {
    const done = this.#isAnnounced;
    this.#isAnnounced = true;
    return { done, value: undefined };
  }
}

function* bareThread(steps) {
  for (let i = 0; i < steps; i++) yield* new BareOperation();
}

function bareLoop() {
  for (let i = 0; i < EXECUTIONS; i++) {
    const threads = [bareThread(STEPS), bareThread(STEPS)];
    for (let step = 0; step < 2 * STEPS; step++) threads[step & 1].next();
  }
  return EXECUTIONS * 2 * STEPS;
}

const { touch } = defineProcedures({
  *touch(cell) {
    yield* writeOnce(cell, 1);
  },
});

function writers(body) {
  return defineScenario({
    name: "writers",
    setup: () => new Cell("cell", 0),
    threads: { a: body, b: body },
    properties: [],
  });
}

const flat = writers(function* (cell) {
  for (let i = 0; i < STEPS; i++) yield* writeOnce(cell, i);
});
const nested = writers(function* (cell) {
  for (let i = 0; i < STEPS; i++) yield* touch(cell);
});

/** Two threads of eleven steps: what an execution costs beside its steps counts here. */
const short = writers(function* (cell) {
  for (let i = 0; i < 11; i++) yield* writeOnce(cell, i);
});

/** A batch of executions under one strategy; the unit is a step, or an execution. */
function batch(scenario, makeStrategy, { observer, executions = EXECUTIONS, unit = "step" } = {}) {
  const engine = new Engine(scenario, {}, observer === undefined ? [] : [observer]);
  const novelty = observer === undefined ? undefined : new Novelty();
  const strategy = makeStrategy({ randomSeed: 1, executionsMax: Number.MAX_SAFE_INTEGER, depth: 3 });
  return () => {
    let steps = 0;
    for (let i = 0; i < executions; i++) {
      strategy.beginExecution();
      engine.run(strategy);
      novelty?.isNew(observer);
      steps += engine.sites.length;
    }
    return unit === "step" ? steps : executions;
  };
}

function perStep() {
  const cases = {
    "bare generator loop": bareLoop,
    "engine, random": batch(flat, random),
    "engine, pct": batch(flat, pct),
    "engine, a procedure per step, random": batch(nested, random),
    "engine, a procedure per step, pct": batch(nested, pct),
  };
  const figures = measure(cases, ROUNDS);
  const bare = figures["bare generator loop"];
  return Object.entries(figures).map(([name, figure]) => ({
    name,
    nsPerStep: Math.round(median(figure)),
    ratioToBareLoop: Number(ratio(figure, bare).toFixed(2)),
  }));
}

function perSchedule() {
  const options = { executions: 5000, unit: "execution" };
  const figures = measure(
    { "22 steps, random": batch(short, random, options), "22 steps, pct": batch(short, pct, options) },
    ROUNDS,
  );
  return Object.entries(figures).map(([name, figure]) => ({
    name,
    executionsPerSecond: Math.round(1e9 / median(figure)),
  }));
}

function perExecution() {
  return scenarioFamilies.map((family) => {
    const scenario = family.on(family.kernelDefault);
    const options = { executions: 400, unit: "execution" };
    const figures = measure(
      {
        off: batch(scenario, random, options),
        on: batch(scenario, random, { ...options, observer: new InterleavingObserver() }),
      },
      ROUNDS,
    );
    return {
      name: `${family.name} on ${family.kernelDefault}`,
      executionsPerSecondCoverageOff: Math.round(1e9 / median(figures.off)),
      executionsPerSecondCoverageOn: Math.round(1e9 / median(figures.on)),
      timeRatioOnToOff: Number(ratio(figures.on, figures.off).toFixed(2)),
    };
  });
}

const report = {
  node: process.version,
  rounds: ROUNDS.rounds,
  perStep: perStep(),
  perSchedule: perSchedule(),
  perExecution: perExecution(),
};
if (process.argv.includes("--json")) {
  console.log(JSON.stringify(report));
} else {
  console.log(`Node ${report.node}, medians of ${report.rounds} rounds, processor time of one process.`);
  console.table(report.perStep);
  console.table(report.perSchedule);
  console.table(report.perExecution);
}

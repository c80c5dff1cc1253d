/** How many executions each strategy needs until it shows the bug of a program: what docs/reference/executions-to-bug.md says. */

import {
  dpor,
  Engine,
  iterativeBound,
  pct,
  portfolio,
  pos,
  random,
  roundRobin,
  surw,
  uniformWalk,
  type Strategy,
} from "@mmrace/scheduler";
import type { Program } from "./program.ts";

/** A strategy that is sent after bugs. */
export interface Hunter {
  readonly name: string;
  /** Whether it depends on the random seed. If not, one run says all. */
  readonly isRandom: boolean;
  readonly make: (randomSeed: number, executionsMax: number) => Strategy;
}

/** Levels of the iterative searches; the cap on executions ends them much earlier. */
const LEVEL_MAX = 30;
/** Round robin has one execution for each quantum; these are tried in turn. */
const QUANTA = [1, 2, 3, 4, 5, 6, 7, 8];

const sampler = (name: string, make: (randomSeed: number, executionsMax: number) => Strategy): Hunter => ({
  name,
  isRandom: true,
  make,
});
const search = (name: string, make: () => Strategy): Hunter => ({ name, isRandom: false, make });
const pctOf = (depth: number): Hunter =>
  sampler(`PCT ${depth}`, (randomSeed, executionsMax) => pct({ randomSeed, executionsMax, depth }));

/** Every strategy, in the order of the columns. */
export const hunters: readonly Hunter[] = [
  sampler("random", (randomSeed, executionsMax) => random({ randomSeed, executionsMax })),
  pctOf(2),
  pctOf(3),
  pctOf(10),
  sampler("POS", (randomSeed, executionsMax) => pos({ randomSeed, executionsMax })),
  sampler("uniform walk", (randomSeed, executionsMax) => uniformWalk({ randomSeed, executionsMax })),
  sampler("SURW", (randomSeed, executionsMax) => surw({ randomSeed, executionsMax })),
  sampler("portfolio", (randomSeed, executionsMax) => {
    const options = { randomSeed, executionsMax };
    return portfolio([random(options), pct({ ...options, depth: 3 }), pos(options), surw(options)]);
  }),
  search("round robin", () => portfolio(QUANTA.map((quantum) => roundRobin({ quantum })))),
  search("preemptions", () => iterativeBound({ preemptionsMax: LEVEL_MAX })),
  search("delays", () => iterativeBound({ delaysMax: LEVEL_MAX })),
  search("dpor", () => dpor()),
];

/** The number of the first execution that is wrong or deadlocks, from 1, pruned ones included; `undefined` if none is. */
export function executionsToBug<W>(
  { scenario }: Program<W>,
  strategy: Strategy,
  executionsMax: number,
): number | undefined {
  const engine = new Engine(scenario);
  strategy.beginExploration?.({ watchesEveryState: false });
  for (let execution = 1; execution <= executionsMax && strategy.beginExecution(); execution++) {
    if ("oracle" in engine.run(strategy)) return execution;
  }
  return undefined;
}

/** What a number of hunts came to. */
export interface Hunt {
  readonly runs: number;
  /** How many runs found the bug within their cap. */
  readonly found: number;
  /** Executions of all runs together for each finding: an estimate of 1/P for memoryless samplers, also where some runs
   * found nothing; `Infinity` when none did. */
  readonly mean: number;
  /** Lower quartile, median, upper quartile over all runs; `Infinity` stands for a run that found nothing. */
  readonly quartiles: readonly [number, number, number];
}

/** Sends a hunter after a bug once for each of `randomSeeds` seeds 1, 2, ..., or once if it is not random. */
export function hunt(
  program: Program,
  hunter: Hunter,
  options: { readonly randomSeeds: number; readonly executionsMax: number },
): Hunt {
  const { executionsMax } = options;
  const runs = hunter.isRandom ? options.randomSeeds : 1;
  const needed = Array.from(
    { length: runs },
    (_, at) => executionsToBug(program, hunter.make(at + 1, executionsMax), executionsMax) ?? Infinity,
  ).toSorted((a, b) => a - b);
  const found = needed.filter((executions) => executions !== Infinity).length;
  const spent = needed.reduce((sum, executions) => sum + Math.min(executions, executionsMax), 0);
  const quantile = (part: number): number => needed[Math.ceil(runs * part) - 1]!;
  return { runs, found, mean: spent / found, quartiles: [quantile(1 / 4), quantile(1 / 2), quantile(3 / 4)] };
}

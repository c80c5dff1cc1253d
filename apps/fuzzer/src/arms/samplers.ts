/** Samplers: strategies that make schedules without looking at what earlier ones showed. */

import { pct, pos, random, surw, uniformWalk, type SamplingOptions, type Strategy } from "@mmrace/scheduler";
import type { Arm } from "./arm.ts";

/** Ordering constraints that PCT schedules aim at: most known races need two or three. */
const PCT_DEPTH = 3;

const samplers: Readonly<Record<Sampler, (options: SamplingOptions) => Strategy>> = {
  random,
  pct: (options) => pct({ ...options, depth: PCT_DEPTH }),
  pos,
  surw,
  "uniform-walk": uniformWalk,
};

/** The name of one. */
export type Sampler = "random" | "pct" | "pos" | "surw" | "uniform-walk";

/** All of them. */
export const samplerNames = Object.keys(samplers) as readonly Sampler[];

/** A sampler that never runs out. */
export function endless(name: Sampler, randomSeed: number): Strategy {
  return samplers[name]({ randomSeed, executionsMax: Number.MAX_SAFE_INTEGER });
}

/** A sampler as an arm. */
export function samplerArm(name: Sampler, strategy: Strategy): Arm {
  return { name, next: () => ({ strategy, constraints: [] }) };
}

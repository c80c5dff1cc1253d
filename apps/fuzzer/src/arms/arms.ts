/** Which arms a campaign has. */

import type { Strategy } from "@mmrace/scheduler";
import type { Materials } from "./arm.ts";
import type { ArmGroup } from "./turns.ts";
import { Extension } from "./extension.ts";
import { ForcedOrders } from "./forced-orders.ts";
import { Mutation } from "./mutation.ts";
import { endless, samplerArm, samplerNames, type Sampler } from "./samplers.ts";
import { Steering } from "./steering.ts";

/** How schedules are made: `coverage` is all arms together, any other name is that sampler alone. */
export type FuzzStrategy = "coverage" | Sampler;

/** All of them, the default first. */
export const fuzzStrategies: readonly FuzzStrategy[] = ["coverage", ...samplerNames];

/** Keeps the draws of samplers apart from each other and from those of the arms that look at coverage. */
const SEED_STRIDE = 1_000_003;

/** What steering leaves open is filled in by these, in turn at random. */
const STEERED: readonly Sampler[] = ["surw", "uniform-walk", "pct"];
/** And what an extension adds to its seed by these. */
const EXTENDING: readonly Sampler[] = ["random", "pos"];

/**
 * The arms of a campaign. Constraints find what needs few of them within the first executions; what needs many steps in a row
 * is built up from seeds later. The samplers stand beside because none is best everywhere, and feedback can mislead.
 */
export function armGroupsOf(
  strategy: FuzzStrategy,
  materials: Materials,
  randomSeed: number,
): readonly ArmGroup[] {
  if (strategy !== "coverage") return [{ opening: 1, later: 1, arms: [samplerArm(strategy, randomSeed)] }];
  let streams = 0;
  const sampler = (name: Sampler): Strategy => endless(name, randomSeed + SEED_STRIDE * ++streams);
  const steering = new Steering(materials, STEERED.map(sampler));
  const fromSeeds = [
    new ForcedOrders(sampler("pos")),
    new Mutation(materials),
    new Extension(materials, EXTENDING.map(sampler)),
  ];
  const beside = samplerNames.map((name) => samplerArm(name, randomSeed + SEED_STRIDE * ++streams));
  return [
    { opening: 4 / 6, later: 2 / 6, arms: [steering] },
    { opening: 1 / 6, later: 3 / 6, arms: fromSeeds },
    { opening: 1 / 6, later: 1 / 6, arms: beside },
  ];
}

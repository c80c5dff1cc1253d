/** Which arms a campaign has. */

import type { Strategy } from "@mmrace/scheduler";
import type { Arm, Attempt, Materials } from "./arm.ts";
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

/** What an extension adds to its seed is drawn by these. */
const EXTENDING: readonly Sampler[] = ["random", "pos"];

/**
 * The arms of a campaign, with their parts in twentieths: of an opening, of a crowded one, of what comes later. Constraints find
 * what needs few of them within the first executions, and nothing else does in a crowd; what needs many steps in a row is built
 * up from seeds later. No sampler is best everywhere, whether it fills in what constraints leave open or stands beside
 * them: SURW is seldom far from the best, the uniform walk is where all threads have to stop at the same place, and PCT is where
 * one has to stay away for long.
 */
export function armGroupsOf(
  strategy: FuzzStrategy,
  materials: Materials,
  randomSeed: number,
): readonly ArmGroup[] {
  if (strategy !== "coverage") return [group(1, 1, 1, [samplerArm(strategy, endless(strategy, randomSeed))])];
  let streams = 0;
  const sampler = (name: Sampler): Strategy => endless(name, randomSeed + SEED_STRIDE * ++streams);
  const steering = (base: Sampler): Arm => new Steering(materials, sampler(base));
  const alone = (name: Sampler): Arm => samplerArm(name, sampler(name));
  const fromSeeds = [
    new ForcedOrders(sampler("pos")),
    new Mutation(materials),
    new Extension(materials, EXTENDING.map(sampler)),
  ];
  return [
    group(3, 6, 1, [steering("surw")]),
    group(4, 6, 1, [steering("uniform-walk")]),
    group(2, 2, 3, [steering("pct")]),
    group(1, 2, 9, fromSeeds),
    group(5, 2, 1, [alone("surw")]),
    group(3, 1, 4, [alone("pct")]),
    group(2, 1, 1, [alone("random"), alone("pos"), alone("uniform-walk")]),
  ];
}

function group(opening: number, crowded: number, later: number, arms: readonly Arm[]): ArmGroup {
  return { parts: { opening, "crowded opening": crowded, later }, arms };
}

/** What a campaign tries first: a random walk, which many bugs need no more than. */
export function firstAttempts(strategy: FuzzStrategy, randomSeed: number): readonly Attempt[] {
  return strategy === "coverage" ? [{ strategy: endless("random", randomSeed), constraints: [] }] : [];
}

/**
 * A shard: so many executions from one random seed, given all that the campaign knew when its round began. What comes out
 * depends on the shard alone. So it does not matter which worker does it, how often, or whether one was killed doing it.
 */

import { kernelById, scenarioOf, type World } from "@mmrace/mm";
import { hashToHex, modelFingerprint, parseAblation, UsageError, type Scenario } from "@mmrace/scheduler";
import { base64Of, bytesOf } from "../corpus/base64.ts";
import { Fuzzer } from "../engine/fuzzer.ts";
import { roundFromNow } from "../engine/round.ts";
import { messageOf, readShard, refusalOf, violationOf, type Shard, type ShardAnswer } from "./messages.ts";

/** The fingerprint of a scenario's model, as shards carry it. */
export function fingerprintOf(scenario: Scenario<World>): string {
  return hashToHex(modelFingerprint(scenario));
}

/** @throws {UsageError} when the campaign has another model of the scenario. */
export function refuseForeign(scenario: Scenario<World>, asked: string): void {
  const fingerprint = fingerprintOf(scenario);
  if (fingerprint === asked) return;
  throw new UsageError(
    `A worker has another model of ${scenario.name}: ${fingerprint}, and the campaign's is ${asked}. ` +
      "Run the same version of mmrace everywhere.",
  );
}

/** Does a shard. */
export function runShard(content: unknown): ShardAnswer {
  try {
    return runChecked(readShard(content));
  } catch (error) {
    return refusalOf(error);
  }
}

function runChecked(shard: Shard): ShardAnswer {
  const fuzzer = begin(shard);
  const done = roundFromNow(fuzzer);
  fuzzer.run(shard.executions);
  const { executions, steps, seeds, findings, unreached, unmatched } = done();
  return {
    executions,
    steps,
    seeds: seeds.map(base64Of),
    findings: findings.map(messageOf),
    unreached: [...unreached],
    unmatched: [...unmatched],
  };
}

/** A fuzzer that knows what the campaign knew. */
function begin(shard: Shard): Fuzzer<World> {
  const scenario = scenarioOf({ ...shard, variant: kernelById(shard.kernel).id });
  refuseForeign(scenario, shard.fingerprint);
  const fuzzer = new Fuzzer(scenario, { ...shard, ablations: shard.ablations.map(parseAblation) });
  const nothing = { executions: 0, steps: 0, seeds: [], unmatched: shard.ablations };
  // Findings first: else each schedule that shows one would be minimized again.
  fuzzer.absorb({
    ...nothing,
    unreached: fuzzer.unreached,
    findings: shard.findings.map(violationOf),
  });
  for (const seed of shard.corpus) fuzzer.replay(bytesOf(seed));
  return fuzzer;
}

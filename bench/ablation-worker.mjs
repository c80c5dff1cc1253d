// One worker of ablation-matrix.mjs: takes a site with its families, answers what notices that it is gone.

import { parentPort } from "node:worker_threads";
import { scenarioFamily } from "@mmrace/mm";
import { explore, InternalError, iterativeBound, UsageError, without } from "@mmrace/scheduler";

/** How far each family is searched. */
export const bounds = { release: "6.18", preemptionsMax: 1, executionsMax: 3_000 };

/** Level by level, within the bounds. */
export function search(family, options) {
  const { release, preemptionsMax, executionsMax } = bounds;
  return explore(family.on(release), iterativeBound({ preemptionsMax }), { executionsMax, ...options });
}

/** Takes a site out of one family after the other, until one notices. */
function resultOf({ site, isIndispensable, families }) {
  if (isIndispensable) return "cannot be removed";
  let hasEffect = false;
  for (const { name, ...asItIs } of families) {
    try {
      const { violations, outcome, executions, steps } = search(scenarioFamily(name), {
        ablations: [without.site(site)],
      });
      if (violations.length > 0) return `${name}: ${violations[0].oracle}`;
      if (outcome.kind === "stepLimit") return `${name}: runs for ever`;
      hasEffect ||= executions !== asItIs.executions || steps !== asItIs.steps;
    } catch (error) {
      if (error instanceof UsageError) return "cannot be removed";
      return `${name}: the model breaks off (${error instanceof InternalError ? "InternalError" : error.name})`;
    }
  }
  return hasEffect ? "not noticed" : "without effect";
}

parentPort?.on("message", (work) => {
  parentPort.postMessage({ site: work.site, families: work.families.length, result: resultOf(work) });
});

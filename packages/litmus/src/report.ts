/** Results the way herd prints them. */

import { conditionText } from "./condition.ts";
import type { LitmusResult } from "./run.ts";

const KINDS = { exists: "Allowed", "~exists": "Forbidden", forall: "Required" } as const;

/**
 * `Test`, `States` with a line each, `Ok` or `No`, `Witnesses`, `Condition`, `Observation`. The witnesses are for and
 * against the condition, the numbers of the observation for and against its proposition; they differ under `~exists`.
 */
export function litmusText(result: LitmusResult): string {
  const { test, states, positive, negative, observation, isOk } = result;
  const { quantifier } = test.condition;
  const [witnesses, others] = quantifier === "~exists" ? [negative, positive] : [positive, negative];
  return [
    `Test ${test.name} ${KINDS[quantifier]}`,
    `States ${states.length}`,
    ...states.map(({ values }) => values.map(({ place, value }) => `${place}=${value};`).join(" ")),
    isOk ? "Ok" : "No",
    "Witnesses",
    `Positive: ${witnesses} Negative: ${others}`,
    `Condition ${conditionText(test.condition)}`,
    `Observation ${test.name} ${observation} ${positive} ${negative}`,
  ].join("\n");
}

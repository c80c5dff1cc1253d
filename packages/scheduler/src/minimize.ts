/** Minimization: the same finding with fewer preemptions, then fewer steps. Deterministic. */

import { Engine } from "./engine.ts";
import { blocksOf, findingOf, signatureOf } from "./finding.ts";
import { modelFingerprint } from "./fingerprint.ts";
import type { Violation } from "./outcome.ts";
import type { RunSettings } from "./run-settings.ts";
import type { Scenario } from "./scenario.ts";
import { encodeSchedule, replaySchedule } from "./schedule.ts";

/** A schedule that shows the finding, as choices. */
interface Candidate {
  readonly choices: readonly number[];
  readonly values: readonly number[];
  readonly preemptions: number;
}

/**
 * Shrinks a finding: repeatedly drops a block of its schedule, or moves one block past the next, and keeps what still
 * shows the same signature with fewer preemptions, or as many and fewer steps. The result is a local minimum, not a
 * proven one; a bounded exhaustive search gives proof.
 *
 * @returns the finding of the shortest schedule; the given one when nothing smaller was found.
 */
export function minimize<W>(
  scenario: Scenario<W>,
  violation: Violation,
  settings: RunSettings = {},
): Violation {
  const engine = new Engine(scenario, settings);
  const attempt = (schedule: Uint8Array): Candidate | undefined => {
    const strategy = replaySchedule(schedule);
    strategy.beginExecution();
    const ending = engine.run(strategy);
    if (!("oracle" in ending) || signatureOf(ending, engine) !== violation.signature) return undefined;
    return { choices: [...engine.choices], values: [...engine.values], preemptions: engine.preemptions };
  };

  let best = attempt(violation.schedule);
  if (best === undefined) return violation;
  for (let smaller: Candidate | undefined = best; smaller !== undefined;) {
    best = smaller;
    smaller = firstSmaller(best, attempt);
  }

  const strategy = replaySchedule(encodeSchedule(best.choices, best.values));
  strategy.beginExecution();
  const ending = engine.run(strategy);
  if (!("oracle" in ending)) return violation;
  return findingOf(engine, ending, modelFingerprint(scenario));
}

function firstSmaller(
  best: Candidate,
  attempt: (schedule: Uint8Array) => Candidate | undefined,
): Candidate | undefined {
  for (const choices of neighbours(best.choices)) {
    const candidate = attempt(encodeSchedule(choices, best.values));
    if (candidate !== undefined && isSmaller(candidate, best)) return candidate;
  }
  return undefined;
}

function isSmaller(a: Candidate, b: Candidate): boolean {
  if (a.preemptions !== b.preemptions) return a.preemptions < b.preemptions;
  return a.choices.length < b.choices.length;
}

/** The schedule without one block, and with one block moved past its successor. */
function* neighbours(choices: readonly number[]): Generator<number[]> {
  const parts = blocksOf(choices, []).map(({ start, length }) => choices.slice(start, start + length));
  for (let i = 0; i < parts.length; i++) yield parts.filter((_, at) => at !== i).flat();
  for (let i = 0; i + 1 < parts.length; i++) {
    yield [...parts.slice(0, i), parts[i + 1]!, parts[i]!, ...parts.slice(i + 2)].flat();
  }
}

/** What a saved campaign hands on to the one that goes on with it. */

import { scenarioOf } from "@mmrace/mm";
import { decodeToken, replayToken, type Violation } from "@mmrace/scheduler";
import type { RoundResult } from "./fuzzer.ts";
import type { ScenarioState } from "./saved-state.ts";

/** All that it had done, as if a worker had done it. */
export function roundOf(saved: ScenarioState): RoundResult {
  return { ...saved, seeds: schedulesOf(saved), findings: saved.findings.flatMap(findingOfToken) };
}

/** The schedules that it had kept. */
export function schedulesOf({ corpus }: ScenarioState): readonly Uint8Array[] {
  return corpus.map((text) => new Uint8Array(Buffer.from(text, "base64")));
}

/** The finding that a saved token shows; nothing when the model has changed since. */
function findingOfToken(token: string): readonly Violation[] {
  const content = decodeToken(token);
  const replayed = replayToken(scenarioOf(content), content);
  return replayed.kind === "reproduced" ? [replayed.violation] : [];
}

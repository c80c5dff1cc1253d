/** What a saved campaign hands on to the one that goes on with it. */

import { decodeToken, replayToken, type Violation } from "@mmrace/scheduler";
import type { Change } from "../changes/change.ts";
import { scenarioOfToken } from "../changes/changed-kernels.ts";
import { bytesOf } from "../corpus/base64.ts";
import type { RoundResult } from "./fuzzer.ts";
import type { ScenarioState } from "./saved-state.ts";

/** All that it had done, as if a worker had done it. */
export function roundOf(saved: ScenarioState, changes: readonly Change[]): RoundResult {
  const findings = saved.findings.flatMap((token) => findingOfToken(token, changes));
  return { ...saved, seeds: schedulesOf(saved), findings };
}

/** The schedules that it had kept. */
export function schedulesOf({ corpus }: ScenarioState): readonly Uint8Array[] {
  return corpus.map(bytesOf);
}

/** The finding that a saved token shows; nothing when the model has changed since. */
export function findingOfToken(token: string, changes: readonly Change[]): readonly Violation[] {
  const content = decodeToken(token);
  const replayed = replayToken(scenarioOfToken(content, changes), content);
  return replayed.kind === "reproduced" ? [replayed.violation] : [];
}

/** What is written about a finding: for people, for tools, and a test that guards the fix. */

import type { World } from "@mmrace/mm";
import {
  ablationText,
  columnsText,
  decodeToken,
  hashToHex,
  type Scenario,
  type Violation,
} from "@mmrace/scheduler";
import { record } from "./recording.ts";
import { regressionTest } from "./regression-test.ts";
import { tracePage } from "./trace-html.ts";
import { perfettoTrace } from "./trace-perfetto.ts";

/** Where a finding was seen: one of the fields of `finding.json`. */
export interface Sighting {
  readonly scenario: string;
  readonly kernel: string;
  readonly parameters: Readonly<Record<string, string | number | boolean>>;
  readonly memory: string;
  readonly ablations: readonly string[];
  readonly preemptions: number;
  readonly steps: number;
  readonly token: string;
  /** Of the model that the token was made on. */
  readonly fingerprint: string;
}

/** The sighting that a violation is. */
export function sightingOf({ token, preemptions, steps }: Violation): Sighting {
  const { scenario, variant, parameters, memory, ablations, fingerprint } = decodeToken(token);
  return {
    scenario,
    kernel: variant,
    parameters,
    memory,
    ablations: ablations.map(ablationText),
    preemptions,
    steps,
    token,
    fingerprint: hashToHex(fingerprint),
  };
}

/** `cpmt-vs-uffdcopy on 6.6-dev under tso, without a, without b`. */
export function placeOf({ scenario, kernel, memory, ablations }: Sighting): string {
  const model = memory === "sc" ? "" : ` under ${memory}`;
  return `${scenario} on ${kernel}${model}${ablations.map((site) => `, without ${site}`).join("")}`;
}

/** All files but `finding.json`, by name. */
export function findingFiles(
  scenario: Scenario<World>,
  violation: Violation,
): Readonly<Record<string, string>> {
  const content = decodeToken(violation.token);
  const { trace, data } = record(scenario, content.schedule, content);
  const columns = columnsText(trace);
  const title = `${violation.oracle}: ${placeOf(sightingOf(violation))}`;
  return {
    "token.txt": violation.token,
    "columns.txt": columns,
    "trace.json": JSON.stringify({ schemaVersion: 1, signature: violation.signature, ...data }),
    "trace.html": tracePage(title, trace),
    "trace.perfetto.json": perfettoTrace(trace),
    "regression.test.ts": regressionTest(violation, placeOf(sightingOf(violation)), columns),
  };
}

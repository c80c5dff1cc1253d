/** Fingerprints: do two models behave alike? A token carries one, so that a replay on another model is noticed. */

import { HASH_START, hashText } from "./hash.ts";
import type { Scenario } from "./scenario.ts";
import { recordTrace } from "./trace.ts";

/**
 * A hash of how a scenario behaves, not of its text: one execution without preemption per thread, started with that
 * thread, each step with its site and values; and the names of threads and properties. Formatting and refactoring do
 * not change it. It can miss a change that only shows under preemption; the checks inside a token catch that.
 */
export function modelFingerprint<W>(scenario: Scenario<W>): number {
  let hash = hashText(scenario.identity ?? "", HASH_START);
  for (const { kind, name, oracle } of scenario.properties)
    hash = hashText(`${kind} ${oracle} ${name};`, hash);
  const count = Object.keys(scenario.threads).length + Object.keys(scenario.daemons ?? {}).length;
  for (let first = 0; first < count; first++) {
    const trace = recordTrace(scenario, Uint8Array.of(first, 0xff));
    for (const { name } of trace.threads) hash = hashText(`${name};`, hash);
    for (const event of trace.events) hash = hashText(`${event.thread} ${event.site} ${event.text};`, hash);
    hash = hashText(trace.ending.kind, hash);
  }
  return hash;
}

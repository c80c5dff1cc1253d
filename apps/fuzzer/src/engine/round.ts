/** What a worker's fuzzer does in a round. */

import type { Fuzzer, RoundResult } from "./fuzzer.ts";

/** Notes from now on. @returns what has been done so far, as often as it is asked. */
export function roundFromNow<W>(fuzzer: Fuzzer<W>): () => RoundResult {
  const seeds: Uint8Array[] = [];
  fuzzer.onSeed = (schedule) => void seeds.push(schedule);
  const known = new Set(fuzzer.findings.keys());
  const { executions, steps } = fuzzer;
  return () => ({
    executions: fuzzer.executions - executions,
    steps: fuzzer.steps - steps,
    seeds: [...seeds],
    findings: [...fuzzer.findings.values()].filter(({ signature }) => !known.has(signature)),
    unreached: fuzzer.unreached,
    unmatched: fuzzer.unmatched.map(({ site }) => site),
  });
}

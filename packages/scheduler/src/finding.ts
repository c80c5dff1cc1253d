/** Turns an execution that went wrong into a finding with a token. */

import type { Engine } from "./engine.ts";
import { HASH_START, hashWord } from "./hash.ts";
import type { Aside, Ending, Path, Violation } from "./outcome.ts";
import { encodeSchedule } from "./schedule.ts";
import type { Site } from "./site.ts";
import { encodeToken } from "./token.ts";

/** The name under which equal findings meet. */
export function signatureOf<W>(ending: Ending & { readonly oracle: string }, engine: Engine<W>): string {
  if (ending.kind !== "violation") return ending.kind;
  const isAtEnd = engine.threads.every((thread) => thread.isFinished || thread.isDaemon);
  return `${ending.oracle} @ ${isAtEnd ? `end: ${ending.message}` : (engine.sites.at(-1)?.address ?? "start")}`;
}

/** An ending that is a finding. */
export type BadEnding = Extract<Ending, { readonly oracle: string }>;

/** Puts the execution that `engine` has just run into a finding. */
export function findingOf<W>(engine: Engine<W>, ending: BadEnding, fingerprint: number): Violation {
  return assemble(engine, engine, ending, signatureOf(ending, engine), engine.given, fingerprint);
}

/** What the execution showed only beside others, as findings whose tokens tell what the others showed. */
export function asideFindings<W>(engine: Engine<W>, fingerprint: number): Violation[] {
  return engine.asides.map((aside) => {
    const given = [...new Set([...engine.given, ...aside.given])];
    const signature = `${aside.oracle} @ ${aside.path.sites.at(-1)?.address ?? "start"}`;
    return assemble(engine, aside.path, aside, signature, given, fingerprint);
  });
}

function assemble<W>(
  { scenario, settings, memory, threads }: Engine<W>,
  { choices, values, sites, preemptions }: Path,
  { oracle, message, details }: Pick<Aside, "oracle" | "message" | "details">,
  signature: string,
  given: readonly string[],
  fingerprint: number,
): Violation {
  const schedule = encodeSchedule(choices, values);
  const token = encodeToken({
    scenario: scenario.name,
    variant: scenario.variant ?? "",
    parameters: scenario.parameters ?? {},
    ablations: settings.ablations ?? [],
    memory,
    given,
    fingerprint,
    schedule,
    checks: blocksOf(choices, sites).map(({ check }) => check),
  });
  const ran = new Set(choices);
  return {
    oracle,
    message,
    ...(details === undefined ? {} : { details }),
    signature,
    token,
    preemptions,
    threads: threads.filter(({ id }) => ran.has(id)).map(({ name }) => name),
    steps: sites.length,
    schedule,
  };
}

/** A run of steps of one thread. */
export interface Block {
  readonly thread: number;
  /** Number of its first step, from 0. */
  readonly start: number;
  readonly length: number;
  /** 16 bits that depend on the sites of its steps. */
  readonly check: number;
}

/** The blocks of an execution: what a token checks one by one. */
export function blocksOf(choices: readonly number[], sites: readonly Site[]): Block[] {
  const blocks: Block[] = [];
  for (let start = 0, end = 0; start < choices.length; start = end) {
    let hash = HASH_START;
    for (end = start; end < choices.length && choices[end] === choices[start]; end++) {
      hash = hashWord(hash, sites[end]?.hash ?? 0);
    }
    blocks.push({
      thread: choices[start]!,
      start,
      length: end - start,
      check: (hash ^ (hash >>> 16)) & 0xffff,
    });
  }
  return blocks;
}

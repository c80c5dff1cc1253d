/** Two releases compared: which guards of a target became needed, or redundant, and which commit did it. */

import { historyBetween } from "@mmrace/mm";
import { kernelSpelling } from "@mmrace/scheduler";
import { causeOf, type Cause } from "./cause.ts";
import { NeverExecuted } from "./guards.ts";
import { guardRows, type Question } from "./rows.ts";
import type { Row } from "./table.ts";

/**
 * What happened to a guard. It came, or went, in the eyes of the scenarios. Where the scenario that shows the need says nothing on
 * the other release, as it has findings there with the guard in place, it is only the need that can be shown since, or until.
 */
export type Turn =
  | "became needed"
  | "became redundant"
  | "can be shown since"
  | "could be shown until"
  | "came"
  | "went";

/** A guard that is not what it was. */
export interface Difference {
  readonly site: string;
  readonly turn: Turn;
  /** Undefined where no scenario comes to it. */
  readonly before: Row | undefined;
  readonly after: Row | undefined;
  /** Of guards that became needed or redundant. */
  readonly cause: Cause | undefined;
}

/** A comparison. */
export interface Comparison {
  readonly older: string;
  readonly newer: string;
  readonly differences: readonly Difference[];
  /** Guards with the same verdict on both. */
  readonly same: number;
}

/** Which release is which in a question whose own release is left open. */
export interface Releases {
  readonly older: string;
  readonly newer: string;
}

/** The procedures that differ between two releases, in the kernel's spelling. */
export function changedBetween({ older, newer }: Releases): readonly string[] {
  const names = historyBetween(older, newer).flatMap(({ parts }) => parts.flatMap((part) => part.names));
  return [...new Set(names.map(kernelSpelling))].toSorted();
}

/**
 * Compares.
 *
 * @param questions one for each target.
 * @throws {UsageError} when neither release has any of the targets.
 */
export async function compare(
  { older, newer }: Releases,
  questions: readonly Question[],
): Promise<Comparison> {
  const before = await rowsOn(older, questions);
  const after = await rowsOn(newer, questions);
  const [question] = questions as readonly [Question];
  if (before.size === 0 && after.size === 0) await guardRows({ ...question, release: newer });
  const sites = [...new Set([...before.keys(), ...after.keys()])].toSorted((a, b) => (a < b ? -1 : 1));
  const differences: Difference[] = [];
  for (const site of sites) {
    const turn = turnOf(before.get(site), after.get(site));
    if (turn === undefined) continue;
    const [old, now] = [before.get(site), after.get(site)];
    const finding = now?.found.finding ?? old?.found.finding;
    const cause =
      finding === undefined ? undefined : await causeOf(site, finding, { older, newer }, question);
    differences.push({ site, turn, before: old, after: now, cause });
  }
  return { older, newer, differences, same: sites.length - differences.length };
}

/** By site; nothing where no scenario comes to the target. */
async function rowsOn(release: string, questions: readonly Question[]): Promise<ReadonlyMap<string, Row>> {
  const bySite = new Map<string, Row>();
  for (const question of questions) {
    for (const row of await rowsOrNone({ ...question, release }))
      if (row.scenarios.length + row.programs.length > 0) bySite.set(row.sites[0]!, row);
  }
  return bySite;
}

async function rowsOrNone(question: Question): Promise<readonly Row[]> {
  try {
    return await guardRows(question);
  } catch (error) {
    if (error instanceof NeverExecuted) return [];
    throw error;
  }
}

/** Undefined: nothing happened. A guard that came and is needed became needed. */
function turnOf(before: Row | undefined, after: Row | undefined): Turn | undefined {
  const [was, is] = [before, after].map((row) => row?.found.verdict === "needed");
  if (was !== is) {
    const [shown, other] = is === true ? [after!, before] : [before!, after];
    const isTold = other?.found.leftOut.includes(shown.found.finding!.scenario) !== true;
    if (is === true) return isTold ? "became needed" : "can be shown since";
    return isTold ? "became redundant" : "could be shown until";
  }
  if (before === undefined) return "came";
  return after === undefined ? "went" : undefined;
}

/** Options that several commands share, and the parsers that refuse bad values with a sentence. */

import { bugs, scenarioFamily, type ScenarioFamily, type World } from "@mmrace/mm";
import { MEMORY_MODELS, parseAblation, UsageError, type Ablation, type Scenario } from "@mmrace/scheduler";
import { InvalidArgumentError, Option, type Command } from "commander";
import type { ChangeSource } from "../changes/change.ts";
import { scenarioWith } from "../changes/changed-kernels.ts";

/** @throws {InvalidArgumentError} unless the text is a whole number of at least `least`. */
export function wholeNumber(least: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && Number.isSafeInteger(value) && value >= least) return value;
    throw new InvalidArgumentError(`Give a whole number of at least ${least}.`);
  };
}

const UNITS_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** `90s`, `5m`, `1h`, `250ms`, or seconds without a unit. @throws {InvalidArgumentError} on anything else. */
export function duration(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h)?$/.exec(text);
  if (match === null) throw new InvalidArgumentError("Give a duration such as 90s, 5m or 1h.");
  return Number(match[1]) * UNITS_MS[match[2] ?? "s"]!;
}

export const kernelOption = (): Option =>
  new Option(
    "--kernel <release>",
    "kernel release; default: the one the scenario is about (see: mmrace list kernels)",
  );

/** For options that may be given again and again. */
export function appended(text: string, before: readonly string[]): readonly string[] {
  return [...before, text];
}

export const ablateOption = (): Option =>
  new Option(
    "--ablate <site>",
    "remove a guard, as procedure/operation/class[/n]; repeatable (see: mmrace list sites)",
  )
    .default([], "none")
    .argParser(appended);

export const withOption = (): Option =>
  new Option(
    "--with <file>",
    "put the procedures that a TypeScript file of yours exports in the place of the release's own; repeatable",
  )
    .default([], "none")
    .argParser(appended);

export const memoryOption = (): Option =>
  new Option("--memory <model>", "memory model: sequential consistency, or x86-TSO with store buffers")
    .choices(MEMORY_MODELS)
    .default("sc");

export const jsonOption = (): Option =>
  new Option("--json", "write one JSON object to standard output and nothing else");

/** The guards that `--ablate` names. @throws {UsageError} on a site that is none. */
export function ablationsOf(sites: readonly string[]): readonly Ablation[] {
  return sites.map(parseAblation);
}

/** A family by its name, or by the id of the bug it shows. @throws {UsageError} when there is none. */
export function familyOf(name: string): ScenarioFamily {
  return bugs.find(({ id }) => id === name.toUpperCase())?.family ?? scenarioFamily(name);
}

/** The scenario of a family on the release asked for, or on the one it is about; with changes, if there are any. */
export function scenarioOn(
  family: ScenarioFamily,
  kernel: string | undefined,
  changes: readonly ChangeSource[] = [],
): Scenario<World> {
  return scenarioWith(family, kernel ?? family.kernelDefault, changes);
}

/** @throws {UsageError} when an ablation matched nothing: its site is misspelt, or the scenario never gets there. */
export function refuseUnmatched(unmatched: readonly Ablation[], scenario: string): void {
  const [first] = unmatched;
  if (first === undefined) return;
  throw new UsageError(
    `--ablate ${first.site} matched no operation of ${scenario}. See the sites it has: mmrace list sites ${scenario}`,
  );
}

/** Where the queue is. */
export interface QueueOptions {
  readonly queue: string;
  readonly allowRemote?: boolean;
}

/** Adds the options of commands that need a queue. */
export function addQueueOptions(command: Command): Command {
  return command
    .requiredOption("--queue <address>", "Redis server, for example redis://127.0.0.1:6379")
    .option(
      "--allow-remote",
      "the server may be on another machine: whoever reaches it can change the campaign",
    );
}

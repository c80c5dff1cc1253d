/** Releases with changes, in the main thread and in workers, which are told the files. */

import {
  changedKernel,
  kernelById,
  partsOfKernelId,
  scenarioOf,
  type Kernel,
  type ScenarioFamily,
  type ScenarioIdentity,
  type World,
} from "@mmrace/mm";
import { UsageError, type Scenario, type TokenContent } from "@mmrace/scheduler";
import { loadChange, type Change, type ChangeSource } from "./change.ts";
import { ChangeFailed, forgetMade, refuseForgotten } from "./forgotten.ts";

/** By file, then by hash: a file may have been edited since. */
const loaded = new Map<string, Change>();
const kernels = new Map<string, Kernel>();

/** Loads the files of a command. @throws {UsageError} when one is wrong, or two replace the same procedure. */
export function loadChanges(files: readonly string[]): readonly Change[] {
  const changes = files.map(loadChange);
  for (const change of changes) loaded.set(keyOf(change), change);
  for (const [at, { file, names }] of changes.entries()) {
    const other = changes.slice(0, at).find((one) => one.names.some((name) => names.includes(name)));
    const twice = names.find((name) => other?.names.includes(name));
    if (other === undefined || twice === undefined) continue;
    throw new UsageError(
      `Both ${other.file} and ${file} export ${twice}. Give one of them, or take the procedure out of the other.`,
    );
  }
  return changes;
}

/** A release, with the changes of these files in it. */
export function kernelWith(release: string, changes: readonly ChangeSource[]): Kernel {
  const base = kernelById(release);
  if (changes.length === 0) return base;
  const key = [base.id, ...changes.map(keyOf)].join("\n");
  let kernel = kernels.get(key);
  if (kernel === undefined) {
    const procedures = changes.map((change) => changeOf(change).procedures);
    kernel = changedKernel(base, Object.assign({}, ...procedures) as Change["procedures"]);
    kernels.set(key, kernel);
  }
  return kernel;
}

/** The scenario of a family on a release with changes. */
export function scenarioWith(
  family: ScenarioFamily,
  release: string,
  changes: readonly ChangeSource[],
): Scenario<World> {
  return family.on(kernelWith(release, changes));
}

/** The scenario that an identity names, in another thread: its release with the changes of these files in it. */
export function scenarioAgain(identity: ScenarioIdentity, changes: readonly ChangeSource[]): Scenario<World> {
  if (changes.length === 0) return scenarioOf(identity);
  return scenarioOf(identity, kernelWith(partsOfKernelId(identity.variant).release, changes));
}

/**
 * The scenario that a token was made on.
 *
 * @throws {UsageError} when it was made with a change, and the files given are of another, or the other way round.
 */
export function scenarioOfToken(token: TokenContent, changes: readonly Change[]): Scenario<World> {
  const { release, changed } = partsOfKernelId(token.variant);
  const given = changes.flatMap(({ names }) => names).toSorted();
  if (changes.length > 0 && given.join() !== changed.join()) {
    const made = changed.length === 0 ? `${release} as it is` : `another ${changed.join(" and ")}`;
    const files = changes.map(({ path }) => path).join(", ");
    throw new UsageError(
      `The token was made on ${made}, and ${files} has another ${given.join(" and ")}. ` +
        (changed.length === 0 ? "Leave --with out." : "Give the files that the token was made with."),
    );
  }
  // Without files, the family says what is missing.
  const kernel = changes.length === 0 ? token.variant : kernelWith(release, changes);
  return scenarioOf(token, kernel);
}

/** Runs something, and says of what goes wrong in a user's file that it does. @throws {UsageError} then. */
export async function blamingLater<T>(work: () => Promise<T>): Promise<T> {
  forgetMade();
  let result: T;
  try {
    result = await work();
  } catch (error) {
    throw blamed(error);
  }
  refuseForgotten();
  return result;
}

/** The same, where everything is done at once. */
export function blaming<T>(work: () => T): T {
  forgetMade();
  let result: T;
  try {
    result = work();
  } catch (error) {
    throw blamed(error);
  }
  refuseForgotten();
  return result;
}

function blamed(error: unknown): unknown {
  for (let at = error; at instanceof Error; at = at.cause) {
    if (!(at instanceof ChangeFailed)) continue;
    // Perhaps it failed because an operation was not performed.
    refuseForgotten();
    return new UsageError(at.message, { cause: error });
  }
  return error;
}

/** For JSON: which files, and what is in them. Nothing where there are none. */
export function changesJson(changes: readonly Change[]): Readonly<Record<string, unknown>> {
  if (changes.length === 0) return {};
  return { with: changes.map(({ path, sha256, names }) => ({ file: path, sha256, procedures: names })) };
}

/**
 * A text, and what was changed: `With retract_page_tables of my-retract.ts (sha256 0123456789ab).` Commands in the text that
 * replay a token get what they need besides.
 */
export function withChanges(text: string, changes: readonly Change[]): string {
  const files = changes.map(({ path }) => `--with ${path} `).join("");
  const lines = changes.map(
    ({ path, sha256, names }) => `With ${names.join(" and ")} of ${path} (sha256 ${sha256.slice(0, 12)}).`,
  );
  return [text.replaceAll("mmrace replay mmr1.", `mmrace replay ${files}mmr1.`), ...lines].join("\n");
}

function keyOf({ file, sha256 }: ChangeSource): string {
  return `${file}\n${sha256}`;
}

function changeOf(source: ChangeSource): Change {
  const known = loaded.get(keyOf(source));
  if (known !== undefined) return known;
  const change = loadChange(source.file);
  if (change.sha256 !== source.sha256)
    throw new UsageError(`${source.file} was edited while it was being run. Run the command again.`);
  loaded.set(keyOf(change), change);
  return change;
}

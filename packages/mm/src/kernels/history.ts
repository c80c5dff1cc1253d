/** What lies between two releases: step by step, and which commits made each difference. */

import { UsageError } from "@mmrace/scheduler";
import { kernelCommits, type KernelCommit } from "./commits.ts";
import { entriesOf, kernelById, kernels } from "./kernels.ts";

/** Differences that belong together: the commits change all of them, or cannot be told apart by what the model has. */
export interface HistoryPart {
  /** Empty where nobody has said which; then it is a proposal. */
  readonly commits: readonly KernelCommit[];
  /** Names in the record of a release. */
  readonly names: readonly string[];
}

/** Two states of the kernel between which the model has no other. */
export interface HistoryStep {
  readonly older: string;
  readonly newer: string;
  readonly parts: readonly HistoryPart[];
}

/**
 * The steps from one release to a newer one, oldest first.
 *
 * @throws {UsageError} when a release does not exist, or is not the older one.
 */
export function historyBetween(older: string, newer: string): readonly HistoryStep[] {
  const [first, last] = [kernelById(older).id, kernelById(newer).id];
  const ids = kernels.map(({ id }) => id);
  const [from, to] = [ids.indexOf(first), ids.indexOf(last)];
  // A proposal has no place in the history: it is one step from anywhere.
  const path = from < 0 || to < 0 ? [first, last] : ids.slice(from, to + 1);
  if (path.length < 2 || first === last)
    throw new UsageError(`${first} is not older than ${last}. Give two releases, the older one first.`);
  return path.slice(1).map((id, at) => stepBetween(path[at]!, id));
}

function stepBetween(older: string, newer: string): HistoryStep {
  const [before, after] = [entriesOf(older), entriesOf(newer)];
  const names = [...before.keys()].filter((name) => before.get(name)!.value !== after.get(name)?.value);
  const parts: { commits: KernelCommit[]; names: string[] }[] = [];
  for (const name of names) {
    const { from } = before.get(name)!;
    const commits = kernelCommits.filter(({ ended }) => ended[from]?.includes(name) === true);
    const same = parts.filter((part) => part.commits.some((commit) => commits.includes(commit)));
    const joined = {
      commits: [...new Set([...same.flatMap((part) => part.commits), ...commits])],
      names: [...same.flatMap((part) => part.names), name],
    };
    parts.splice(0, parts.length, ...parts.filter((part) => !same.includes(part)), joined);
  }
  return { older, newer, parts };
}

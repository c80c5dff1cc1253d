/** How entries of the catalogue are searched for, and what it should come to. */

import { ablationsOf, searchAll, type Bug } from "@mmrace/mm";
import { explore, iterativeBound, type Exploration, type Violation } from "@mmrace/scheduler";
import { watched } from "../report/search-progress.ts";

/** Every entry of the catalogue needs fewer; enough to find it with the fewest. */
const PREEMPTIONS_MAX = 3;

/** What searching one release came to. */
export interface Verdict {
  readonly kernel: string;
  readonly role: "buggy" | "fixed" | "asked";
  readonly exploration: Exploration;
}

/** All schedules or all states, all findings. */
export function searchWhole(bug: Bug, kernel: string): Exploration {
  const { onExecution, end } = watched();
  const exploration = searchAll(bug, kernel, onExecution);
  end();
  return exploration;
}

/** Level by level, until the entry's own oracle speaks. */
function hunt(bug: Bug): Exploration {
  const strategy = iterativeBound({ preemptionsMax: PREEMPTIONS_MAX });
  const { onExecution, end } = watched();
  const isGoal = ({ oracle }: Violation): boolean => oracle === bug.oracle;
  const exploration = explore(bug.family.on(bug.buggy), strategy, {
    stopWhen: isGoal,
    ablations: ablationsOf(bug),
    onExecution,
  });
  end();
  return exploration;
}

/** The entry's own oracle on the release that had it, and silence on the one that has it no more. */
export function bothVerdicts(bug: Bug): readonly Verdict[] {
  return [
    { kernel: bug.buggy, role: "buggy", exploration: hunt(bug) },
    { kernel: bug.fixed, role: "fixed", exploration: searchWhole(bug, bug.fixed) },
  ];
}

/** What JSON says of an entry. */
export function bugJson({ id, slug, title, cve, fix, oracle }: Bug): Record<string, unknown> {
  return { id, slug, title, cve: cve ?? null, fix, oracle };
}

/** Found where it was; nothing at all where it is fixed. */
export function isAsExpected(bug: Bug, { role, exploration }: Verdict): boolean {
  const { violations, complete } = exploration;
  return role === "buggy"
    ? violations.some(({ oracle }) => oracle === bug.oracle)
    : violations.length === 0 && complete;
}

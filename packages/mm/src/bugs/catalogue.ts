/** Real races of the kernel's history that the model can show: on the release that had them, and gone on the fix. */

import { UsageError } from "@mmrace/scheduler";
import type { Bug } from "./bug.ts";
import { collapseBugs } from "./collapse-bugs.ts";
import { otherBugs } from "./other-bugs.ts";

/** Every entry; each names the fixing commit it rests on. */
export const bugs: readonly Bug[] = [...collapseBugs, ...otherBugs];

/** Finds an entry by id or slug. @throws {UsageError} when there is none. */
export function bugById(id: string): Bug {
  const found = bugs.find((bug) => bug.id === id.toUpperCase() || bug.slug === id);
  if (found !== undefined) return found;
  throw new UsageError(
    `There is no bug "${id}" in the catalogue. It has ${bugs.map((bug) => `${bug.id} (${bug.slug})`).join(", ")}.`,
  );
}

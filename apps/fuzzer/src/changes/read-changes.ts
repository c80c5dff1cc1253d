/** What `--with` names: loaded, and its types checked. */

import type { Change } from "./change.ts";
import { loadChanges } from "./changed-kernels.ts";
import { checkTypes } from "./type-check.ts";

/** @throws {UsageError} when a file is wrong: what the language itself finds first, then types. */
export function readChanges(files: readonly string[]): readonly Change[] {
  const changes = loadChanges(files);
  checkTypes(changes.map(({ file }) => file));
  return changes;
}

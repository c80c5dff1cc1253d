/** A release with some procedures replaced by those of a user: a locking change that is to be tried. */

import { defineProcedures, kernelSpelling } from "@mmrace/scheduler";
import type { KernelFacts, KernelOps } from "../kernel.ts";
import type { Kernel } from "./kernels.ts";

/** Procedures in the place of a release's own, under the same names. */
export type ChangedProcedures = Partial<Omit<KernelOps, keyof KernelFacts>>;

/** Stands between the release and the names of what is changed, in the id of a changed one. */
const CHANGED = "+";

/**
 * A release with other procedures in the place of some of its own: `6.12+retract_page_tables`. It can be run like any
 * release, through all calls that go over `w.kernel`. Tokens made on it replay on it alone, and not on the release.
 */
export function changedKernel(base: Kernel, procedures: ChangedProcedures): Kernel {
  const changed = Object.keys(procedures).map(kernelSpelling).toSorted();
  return {
    id: [base.id, ...changed].join(CHANGED),
    about: `${base.id} with another ${changed.join(" and ")}`,
    // The record of a release has the procedures of all areas, whose types have no more in common than to be procedures.
    ops: { ...base.ops, ...(defineProcedures(procedures as Record<string, never>) as ChangedProcedures) },
    changed,
  };
}

/** A release with some of another's entries in the place of its own: a step of the history, taken in part. */
export function mixedKernel(base: Kernel, other: Kernel, names: readonly string[]): Kernel {
  const taken = Object.entries(other.ops).filter(([name]) => names.includes(name));
  const changed = names.map((name) => `${kernelSpelling(name)} of ${other.id}`);
  return {
    id: [base.id, ...changed].join(CHANGED),
    about: `${base.id} with ${changed.join(" and ")}`,
    ops: { ...base.ops, ...Object.fromEntries(taken) },
    changed,
  };
}

/** The release and the names in an id; no names, where it is a release as it is. */
export function partsOfKernelId(id: string): {
  readonly release: string;
  readonly changed: readonly string[];
} {
  const [release = "", ...changed] = id.split(CHANGED);
  return { release, changed };
}

/** The kernel releases that can be run, by the name that the command line and tokens use. */

import { UsageError } from "@mmrace/scheduler";
import type { KernelOps } from "../kernel.ts";
import { linux_6_11 } from "./linux-6-11.ts";
import { linux_6_12 } from "./linux-6-12.ts";
import { linux_6_6_dev } from "./linux-6-6-dev.ts";
import { linux_6_6 } from "./linux-6-6.ts";

/** One release. */
export interface Kernel {
  /** `6.12`. */
  readonly id: string;
  readonly ops: KernelOps;
  /** What sets it apart from the next newer one. */
  readonly about: string;
}

/** Oldest first. */
export const kernels: readonly Kernel[] = [
  {
    id: "6.6-dev",
    ops: linux_6_6_dev,
    about: "commit 1043173eb5eb, development of 6.6: collapse drops the PTE lock before it unlinks",
  },
  {
    id: "6.6",
    ops: linux_6_6,
    about:
      "collapse keeps the PTE lock where userfaultfd may fill; a fill asserts that its slot stays a table",
  },
  {
    id: "6.11",
    ops: linux_6_11,
    about: "a fill tolerates that its table goes away; mremap trusts a slot that it saw before its locks",
  },
  { id: "6.12", ops: linux_6_12, about: "mremap looks at the slot again under its lock" },
];

/** @throws {UsageError} when there is no such release. */
export function kernelById(id: string): Kernel {
  const found = kernels.find((kernel) => kernel.id === id.replace(/^v/, ""));
  if (found !== undefined) return found;
  throw new UsageError(
    `There is no kernel "${id}" in the model. It has ${kernels.map((kernel) => kernel.id).join(", ")}.`,
  );
}

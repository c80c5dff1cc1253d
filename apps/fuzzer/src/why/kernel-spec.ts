/** A kernel as plain data, so that workers can be told which. */

import { kernelById, mixedKernel, type Kernel } from "@mmrace/mm";
import type { ChangeSource } from "../changes/change.ts";
import { kernelWith } from "../changes/changed-kernels.ts";

/** A release, as it is or not. */
export interface KernelSpec {
  readonly kernel: string;
  /** Files of a user. */
  readonly changes?: readonly ChangeSource[];
  /** Entries of another release in the place of its own. */
  readonly mixed?: { readonly release: string; readonly names: readonly string[] };
}

/** Comparing kernels is comparing their entries, so there is one of each. */
const mixtures = new Map<string, Kernel>();

/** The kernel that is meant. */
export function kernelOf({ kernel, changes = [], mixed }: KernelSpec): Kernel {
  const base = kernelWith(kernel, changes);
  if (mixed === undefined) return base;
  const key = JSON.stringify([base.id, mixed]);
  const known = mixtures.get(key) ?? mixedKernel(base, kernelById(mixed.release), mixed.names);
  mixtures.set(key, known);
  return known;
}

/** What tells a kernel from others that behave alike as far as a fingerprint looks. */
export function identityOf({ changes = [] }: KernelSpec): readonly string[] {
  return changes.map(({ sha256 }) => sha256);
}

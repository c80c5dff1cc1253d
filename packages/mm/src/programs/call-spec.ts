/** What is known of a kind of call. */

import { IOCTL } from "./constants.ts";
import { bytes, fixed, pointer, uffd, vma, type Shape } from "./shapes.ts";

/**
 * What an argument is: `page`, a page number from the first address of the world; `slotPage`, the first of a PMD slot;
 * `pages`, a length; `index`, a page of a file; `size`, a length of a file in pages; the rest as their names say.
 */
export type ArgKind =
  | "page"
  | "slotPage"
  | "pages"
  | "index"
  | "size"
  | "file"
  | "fileOrNone"
  | "process"
  | "prot"
  | "map"
  | "advice"
  | "fallocMode"
  | "registerModes"
  | "features"
  | "wpMode"
  | "foll"
  | "marker"
  | "value";

/** Where a call may stand: among the files, in a process's set-up, in a thread of a process, in one of the kernel. */
export type CallPlace = "files" | "process" | "thread" | "kthread";

/** One kind of call. */
export interface CallSpec {
  /** Two letters, which stand for it in tokens: never changed, never given again. */
  readonly code: string;
  readonly args: readonly ArgKind[];
  readonly shape: readonly Shape[];
  readonly places: readonly CallPlace[];
  /** Whether its result has a name: what kind of descriptor it makes. */
  readonly makes?: "file" | "uffd";
  /** One line for people. */
  readonly about: string;
}

/** A range, as the first two arguments and values of a call. */
export const RANGE: readonly Shape[] = [vma(0, { arg: 1 }), bytes(1)];

/** ioctl() of the process's userfaultfd, with a pointer to a structure. */
export function ioctl(name: string, ...fields: readonly Shape[]): readonly Shape[] {
  return [uffd, fixed(IOCTL[name]!, name), pointer(...fields)];
}

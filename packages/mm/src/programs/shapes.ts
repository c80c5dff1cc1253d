/** How a call's arguments stand in the text: one description, from which they are printed and read. */

import type { ConstantTable } from "./constants.ts";

/** One argument place, or several. `arg` is an index into the call's arguments. */
export type Shape =
  /** A range: `&(0x7f0000000000/0x2000)=nil`. The argument is its first page; its length stands elsewhere. */
  | { readonly kind: "vma"; readonly arg: number; readonly pages: number | { readonly arg: number } }
  /** An address: `&(0x7f0000000000)`. */
  | { readonly kind: "address"; readonly arg: number }
  /** Bytes, of an argument that counts pages. */
  | { readonly kind: "bytes"; readonly arg: number }
  /** A set of named bits. */
  | { readonly kind: "flags"; readonly arg: number; readonly table: ConstantTable }
  /** One of several names. */
  | { readonly kind: "choice"; readonly arg: number; readonly table: ConstantTable }
  /** A file descriptor, or -1 for none. */
  | { readonly kind: "file"; readonly arg: number; readonly mayBeNone?: boolean }
  /** The process's userfaultfd. */
  | { readonly kind: "uffd" }
  /** A process, by its number in the text. */
  | { readonly kind: "process"; readonly arg: number }
  | { readonly kind: "number"; readonly arg: number; readonly mayBeMissing?: boolean }
  /** Always the same value. */
  | { readonly kind: "fixed"; readonly value: number; readonly text?: string }
  /** Part of the kernel's structure, without meaning here: any value is read. */
  | { readonly kind: "ignored"; readonly text: string }
  /** A structure; fields at its end that are fixed, ignored or said to be optional may be missing. */
  | { readonly kind: "struct"; readonly items: readonly Shape[] }
  /** A pointer to a structure: `&AUTO={...}`. */
  | { readonly kind: "pointer"; readonly to: Shape };

export const vma = (arg: number, pages: number | { readonly arg: number }): Shape => ({
  kind: "vma",
  arg,
  pages,
});
export const address = (arg: number): Shape => ({ kind: "address", arg });
export const bytes = (arg: number): Shape => ({ kind: "bytes", arg });
export const flags = (arg: number, table: ConstantTable): Shape => ({ kind: "flags", arg, table });
export const choice = (arg: number, table: ConstantTable): Shape => ({ kind: "choice", arg, table });
export const file = (arg: number): Shape => ({ kind: "file", arg });
export const fileOrNone = (arg: number): Shape => ({ kind: "file", arg, mayBeNone: true });
export const uffd: Shape = { kind: "uffd" };
export const processNumber = (arg: number): Shape => ({ kind: "process", arg });
export const number = (arg: number): Shape => ({ kind: "number", arg });
export const optional = (arg: number): Shape => ({ kind: "number", arg, mayBeMissing: true });
export const fixed = (value: number, text?: string): Shape => ({
  kind: "fixed",
  value,
  ...(text === undefined ? {} : { text }),
});
export const ignored = (text: string): Shape => ({ kind: "ignored", text });
export const struct = (...items: readonly Shape[]): Shape => ({ kind: "struct", items });
export const pointer = (...items: readonly Shape[]): Shape => ({ kind: "pointer", to: struct(...items) });

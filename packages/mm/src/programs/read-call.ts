/** From the values of a line to the arguments of a call, as its shape says. */

import type { CallSpec } from "./call-spec.ts";
import type { ConstantTable } from "./constants.ts";
import { ProgramError } from "./program-error.ts";
import type { Shape } from "./shapes.ts";
import type { CallLine } from "./value-parser.ts";
import { kindText, type Value } from "./values.ts";

/** What names and addresses mean where the call stands. */
export interface Reading {
  /** The page that an address is. */
  readonly page: (address: bigint, value: Value) => number;
  /** How many pages bytes are. */
  readonly pages: (bytes: bigint, value: Value) => number;
  /** The number of a file. */
  readonly file: (variable: string, value: Value) => number;
  /** Checks that a variable is the process's userfaultfd. */
  readonly uffd: (variable: string, value: Value) => void;
  /** Index of the process that has a number. */
  readonly owner: (number: bigint, value: Value) => number;
  readonly line: number;
}

/** The value -1 of a file descriptor that is none. */
const NO_FILE = new Set([-1n, 0xffff_ffffn, 0xffff_ffff_ffff_ffffn]);

/** The arguments of a call. @throws {ProgramError} where a value does not fit. */
export function readArguments(spec: CallSpec, call: CallLine, reading: Reading): number[] {
  const args: number[] = [];
  readAll(spec.shape, call.values, { ...reading, args }, call.column, call.name);
  return args;
}

interface Context extends Reading {
  readonly args: number[];
}

function readAll(
  shapes: readonly Shape[],
  values: readonly Value[],
  context: Context,
  column: number,
  what: string,
): void {
  const missing = shapes.slice(values.length).find((shape) => !isOptional(shape));
  if (missing !== undefined || values.length > shapes.length)
    throw new ProgramError(
      { line: context.line, column },
      `${what} takes ${shapes.length} values, not ${values.length}: (${shapes.map(hint).join(", ")}).`,
    );
  for (const [at, value] of values.entries()) read(shapes[at]!, value, context);
}

/** What a structure may leave out at its end. */
function isOptional(shape: Shape): boolean {
  const isSaid = shape.kind === "number" && shape.mayBeMissing === true;
  return isSaid || shape.kind === "ignored" || shape.kind === "fixed";
}

/** How a value may look. */
function hint(shape: Shape): string {
  switch (shape.kind) {
    case "vma":
      return "&(0x7f0000000000/0x1000)=nil";
    case "address":
      return "&(0x7f0000000000)";
    case "bytes":
      return "0x1000";
    case "flags":
    case "choice":
      return Object.keys(shape.table).join("|");
    case "file":
      return shape.mayBeNone === true ? "r0 or 0xffffffffffffffff" : "r0";
    case "uffd":
      return "r1";
    case "process":
    case "number":
      return "0x1";
    case "fixed":
      return shape.text ?? `0x${shape.value.toString(16)}`;
    case "ignored":
      return shape.text;
    case "struct":
      return `{${shape.items.map(hint).join(", ")}}`;
    case "pointer":
      return `&AUTO=${hint(shape.to)}`;
  }
}

function refuse(shape: Shape, value: Value, { line }: Context): never {
  throw new ProgramError(
    { line, column: value.column },
    `${kindText(value)} cannot stand here. Write ${hint(shape)}.`,
  );
}

function read(shape: Shape, value: Value, context: Context): void {
  switch (shape.kind) {
    case "vma":
    case "address":
      return readAddress(shape, value, context);
    case "bytes":
      return set(context, shape.arg, context.pages(numberOf(shape, value, context), value));
    case "flags":
      return set(context, shape.arg, constantOf(shape, shape.table, value, context));
    case "choice":
      return readChoice(shape, value, context);
    case "file":
      return readFile(shape, value, context);
    case "uffd":
      if (value.kind !== "variable") return refuse(shape, value, context);
      return context.uffd(value.name, value);
    case "process":
      return set(context, shape.arg, context.owner(numberOf(shape, value, context), value));
    case "number":
      return set(context, shape.arg, Number(numberOf(shape, value, context)));
    case "fixed":
      return readFixed(shape, value, context);
    case "ignored":
      return;
    case "struct":
      if (value.kind !== "group") return refuse(shape, value, context);
      return readAll(shape.items, value.items, context, value.column, "The structure");
    case "pointer":
      if (value.kind !== "pointer" || value.to === undefined) return refuse(shape, value, context);
      return read(shape.to, value.to, context);
  }
}

/** An argument that stands in several places must be the same in all. */
function set({ args, line }: Context, arg: number, value: number, column = 1): void {
  const before = args[arg];
  if (before !== undefined && before !== value)
    throw new ProgramError(
      { line, column },
      "The length stands twice in this call, and differs: a mapping keeps its size here.",
    );
  args[arg] = value;
}

function readAddress(
  shape: Extract<Shape, { kind: "vma" | "address" }>,
  value: Value,
  context: Context,
): void {
  const at = value.kind === "pointer" ? value.address : value.kind === "number" ? value.value : undefined;
  if (at === undefined) return refuse(shape, value, context);
  set(context, shape.arg, context.page(at, value));
}

function numberOf(shape: Shape, value: Value, context: Context): bigint {
  return value.kind === "number" ? value.value : refuse(shape, value, context);
}

function constantOf(shape: Shape, table: ConstantTable, value: Value, context: Context): number {
  if (value.kind === "number") {
    if (value.value < 0n || value.value > 0xffff_ffffn) return refuse(shape, value, context);
    return Number(value.value);
  }
  if (value.kind !== "names") return refuse(shape, value, context);
  let bits = 0;
  for (const part of value.parts) {
    const known = typeof part === "string" ? table[part] : Number(part);
    if (known === undefined)
      throw new ProgramError(
        { line: context.line, column: value.column },
        `There is no ${String(part)} here. There are ${Object.keys(table).join(", ")}.`,
      );
    bits |= known;
  }
  return bits;
}

function readChoice(shape: Extract<Shape, { kind: "choice" }>, value: Value, context: Context): void {
  const chosen = constantOf(shape, shape.table, value, context);
  if (!Object.values(shape.table).includes(chosen)) return refuse(shape, value, context);
  set(context, shape.arg, chosen);
}

function readFile(shape: Extract<Shape, { kind: "file" }>, value: Value, context: Context): void {
  if (value.kind === "variable") return set(context, shape.arg, context.file(value.name, value));
  if (shape.mayBeNone === true && value.kind === "number" && NO_FILE.has(value.value))
    return set(context, shape.arg, -1);
  return refuse(shape, value, context);
}

function readFixed(shape: Extract<Shape, { kind: "fixed" }>, value: Value, context: Context): void {
  if (value.kind === "number" && value.value === BigInt(shape.value)) return;
  if (value.kind === "names" && (value.parts.join("|") === shape.text || isSameFlags(shape, value))) return;
  return refuse(shape, value, context);
}

/** The same names in another order. */
function isSameFlags(
  { text }: { readonly text?: string },
  { parts }: { parts: readonly unknown[] },
): boolean {
  const wanted = text?.split("|") ?? [];
  return wanted.length === parts.length && wanted.every((name) => parts.includes(name));
}

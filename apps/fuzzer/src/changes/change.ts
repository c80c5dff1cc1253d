/** A change to the kernel: a file whose exports are procedures that take the place of a release's own. */

import { resolve } from "node:path";
import { linux_6_18, type ChangedProcedures } from "@mmrace/mm";
import { kernelSpelling, UsageError } from "@mmrace/scheduler";
import { sha256 } from "../engine/sha256.ts";
import { watched } from "./forgotten.ts";
import { nearest } from "./nearest.ts";
import { load } from "./translate.ts";

/** Which change: plain data, that workers are told. */
export interface ChangeSource {
  /** An absolute path. */
  readonly file: string;
  /** Of its text and of those that it imports by relative paths. */
  readonly sha256: string;
}

/** A change that was loaded. */
export interface Change extends ChangeSource {
  /** As the user wrote it. */
  readonly path: string;
  /** By the names of the record, `retractPageTables`. */
  readonly procedures: ChangedProcedures;
  /** In the kernel's spelling. */
  readonly names: readonly string[];
}

/** What workers are told of changes. */
export function sourcesOf(changes: readonly ChangeSource[]): readonly ChangeSource[] {
  return changes.map(({ file, sha256 }) => ({ file, sha256 }));
}

/** The procedures that can be replaced, in the spelling of the record. Every release has the same. */
const KNOWN: readonly string[] = Object.entries(linux_6_18)
  .filter(([, value]) => typeof value === "function")
  .map(([name]) => name);

/**
 * Loads a change.
 *
 * @throws {UsageError} when the file cannot be run, or exports something else than procedures of the kernel.
 */
export function loadChange(path: string): Change {
  const file = resolve(path);
  const { exports, texts } = load(file);
  const procedures: Record<string, ReturnType<typeof watched>> = {};
  for (const [exported, value] of exportsOf(exports)) {
    const name = knownName(exported, file);
    if (name in procedures)
      throw new UsageError(
        `${file} exports ${name} twice. Export one of the two, and run the other by itself.`,
      );
    procedures[name] = watched(procedureOf(value, exported, file), kernelSpelling(name), file);
  }
  const names = Object.keys(procedures).map(kernelSpelling).toSorted();
  if (names.length === 0) {
    throw new UsageError(
      `${file} exports no procedure. Export those that take the place of the release's own, under their names: ` +
        "export function* retractPageTables(w: World, file: AddressSpace): Steps<void> { ... }",
    );
  }
  const hashes = [...texts].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, text]) => sha256(text));
  return {
    path,
    file,
    sha256: hashes.length === 1 ? hashes[0]! : sha256(hashes.join(" ")),
    procedures,
    names,
  };
}

/** Named exports, and those of a record that is exported as the default. A function that is the default has a name of its own. */
function exportsOf(exports: Readonly<Record<string, unknown>>): readonly (readonly [string, unknown])[] {
  return Object.entries(exports).flatMap(([name, value]): (readonly [string, unknown])[] => {
    if (name !== "default") return [[name, value]];
    if (typeof value === "function") return [[value.name, value]];
    return typeof value === "object" && value !== null ? Object.entries(value) : [[name, value]];
  });
}

function knownName(exported: string, file: string): string {
  const found = KNOWN.find((name) => name === exported || kernelSpelling(name) === exported);
  if (found !== undefined) return found;
  const isKernelSpelling = exported.includes("_") && exported === exported.toLowerCase();
  const known = isKernelSpelling ? KNOWN.map(kernelSpelling) : KNOWN;
  throw new UsageError(
    `${file} exports "${exported}", which is no procedure of the model. ${nearest(exported, known)} ` +
      "What is no procedure of the release must not be exported.",
  );
}

function procedureOf(value: unknown, exported: string, file: string): Parameters<typeof watched>[0] {
  if (Object.prototype.toString.call(value) === "[object GeneratorFunction]")
    return value as Parameters<typeof watched>[0];
  const found = typeof value === "function" ? "a function that is no generator" : `of type ${typeof value}`;
  throw new UsageError(
    `${file} exports ${exported}, which is ${found}. A procedure is a generator function: ` +
      `export function* ${exported}(...): Steps<...> { ... }, with yield* before every operation.`,
  );
}

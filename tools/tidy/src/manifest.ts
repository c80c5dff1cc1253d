/** The package.json files of the repository. */

import { posix } from "node:path";
import type { SourceFile } from "./source-file.ts";

/** The fields that the rules read. */
export interface Manifest {
  /** Where the package lies: `packages/mm`, or `.` for the root. */
  readonly folder: string;
  readonly name: string;
  readonly private?: boolean;
  readonly license?: string;
  readonly type?: string;
  readonly sideEffects?: boolean | readonly string[];
  readonly engines?: Readonly<Record<string, string>>;
  readonly repository?: { readonly directory?: string };
  readonly exports?: Exports;
  readonly publishConfig?: { readonly access?: string; readonly exports?: Exports };
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

/** Subpaths, each a file or a file per condition. */
export type Exports = Readonly<Record<string, string | Readonly<Record<string, string>>>>;

/** All manifests. */
export function manifestsIn(files: readonly SourceFile[]): readonly Manifest[] {
  return files
    .filter(({ path }) => posix.basename(path) === "package.json")
    .map(({ path, text }) => ({ ...(JSON.parse(text) as Manifest), folder: posix.dirname(path) }));
}

/** `@mmrace/scheduler` of `@mmrace/scheduler/testing`. */
export function packageName(specifier: string): string {
  return specifier
    .split("/")
    .slice(0, specifier.startsWith("@") ? 2 : 1)
    .join("/");
}

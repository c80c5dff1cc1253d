/** Words that do not belong into a repository. */

import { problemsByLine, type Problem, type SourceFile } from "../source-file.ts";

/** Open questions carry a topic, so that they can be found and counted. */
export function bareTodos(files: readonly SourceFile[]): Problem[] {
  return files
    .filter(({ path }) => /\.(ts|mjs|cjs|md|ya?ml)$/.test(path))
    .flatMap((file) =>
      problemsByLine(file, /\b(T[O]DO(?!\([a-z][a-z0-9-]*\): )|F[I]XME)\b/, () => "write TODO(topic): ..."),
    );
}

/** Paths of one machine. The brackets keep this file from breaking its own rule. */
const MACHINE = /\/[w]ork\/|\/[r]oot\/|\/[h]ome\/[a-z]|\/tmp\/[b]ash_/;

/** Where one machine gets its packages: an address in the lockfile, or a registry in a setting. */
const REGISTRY = /[r]egistry\.npm|^\s*registry\s*=|\b[t]arball:|\b[r]esolved: http/;

/** What works on one machine only. */
export function machineTraces(files: readonly SourceFile[]): Problem[] {
  return files.flatMap((file) => [
    ...problemsByLine(file, MACHINE, (match) => `"${match}" belongs to one machine`),
    ...problemsByLine(file, REGISTRY, (match) => `"${match}" names a registry`),
  ]);
}

/** No file of a package imports itself through others. */

import { posix } from "node:path";
import { allImports, type Import } from "../imports.ts";
import type { Problem, SourceFile } from "../source-file.ts";
import { problemAt } from "../syntax.ts";

/** Finds cycles of imports that exist at run time. Types vanish, so a cycle of types orders nothing. */
export function cycles(files: readonly SourceFile[]): Problem[] {
  const next = new Map<string, Import[]>();
  for (const one of allImports(files)) {
    if (one.isTypeOnly || !one.specifier.startsWith(".")) continue;
    next.set(one.from, [...(next.get(one.from) ?? []), one]);
  }
  const problems: Problem[] = [];
  const done = new Set<string>();
  const visit = (path: string, trail: readonly string[]): void => {
    if (done.has(path)) return;
    const here = [...trail, path];
    for (const { specifier, node } of next.get(path) ?? []) {
      const target = posix.join(posix.dirname(path), specifier);
      const at = here.indexOf(target);
      if (at < 0) visit(target, here);
      else problems.push(problemAt(node, `import cycle: ${[...here.slice(at), target].join(" -> ")}`));
    }
    done.add(path);
  };
  for (const path of next.keys()) visit(path, []);
  return problems;
}

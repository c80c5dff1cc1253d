/** Imports go downwards: between packages as the layers say, inside a package without cycles. */

import { posix } from "node:path";
import ts from "typescript";
import { layers } from "../house.ts";
import type { Problem, SourceFile } from "../source-file.ts";
import { parse, problemAt, walk } from "../syntax.ts";

interface Import {
  readonly from: string;
  readonly specifier: string;
  readonly isTypeOnly: boolean;
  readonly node: ts.Node;
}

function importsOf(file: SourceFile): Import[] {
  const imports: Import[] = [];
  walk(parse(file), (node) => {
    if (!ts.isImportDeclaration(node) && !ts.isExportDeclaration(node)) return;
    if (node.moduleSpecifier === undefined || !ts.isStringLiteral(node.moduleSpecifier)) return;
    imports.push({
      from: file.path,
      specifier: node.moduleSpecifier.text,
      isTypeOnly: isTypeOnly(node),
      node,
    });
  });
  return imports;
}

function isTypeOnly(node: ts.ImportDeclaration | ts.ExportDeclaration): boolean {
  if (ts.isExportDeclaration(node)) return node.isTypeOnly;
  const clause = node.importClause;
  if (clause === undefined) return false;
  if (clause.isTypeOnly) return true;
  const named = clause.namedBindings;
  return (
    clause.name === undefined &&
    named !== undefined &&
    ts.isNamedImports(named) &&
    named.elements.every((e) => e.isTypeOnly)
  );
}

/** The package folder that a path lies in. */
function packageOf(path: string): string | undefined {
  return Object.keys(layers).find((folder) => path.startsWith(`${folder}/`));
}

/** Sources of packages: `src`, and what an application bundles. Tests may import any public entry. */
function isLayered(path: string): boolean {
  return /^(packages|apps)\/[^/]+\/(src|fuzz)\//.test(path) || path.startsWith("tools/");
}

/** Whether `@mmrace/x` or `@mmrace/x/testing` belongs to a package in the list. */
function allows(allowed: readonly string[], specifier: string): boolean {
  return allowed.some((name) => specifier === name || specifier === `${name}/testing`);
}

/** Checks every import between packages, the dependencies of every manifest, and cycles. */
export function layering(files: readonly SourceFile[]): Problem[] {
  const imports = files.filter(({ path }) => path.endsWith(".ts")).flatMap(importsOf);
  return [...imports.flatMap(crossings), ...files.flatMap(manifestProblems), ...cycles(imports)];
}

function crossings({ from, specifier, node }: Import): Problem[] {
  const home = packageOf(from);
  if (home === undefined) return [];
  if (specifier.startsWith(".")) {
    const target = posix.join(posix.dirname(from), specifier);
    return packageOf(target) === home
      ? []
      : [problemAt(node, `${specifier} leaves ${home}: import the package by name`)];
  }
  if (!specifier.startsWith("@mmrace/")) return [];
  if (!isLayered(from))
    return /^@mmrace\/[^/]+(\/testing)?$/.test(specifier)
      ? []
      : [problemAt(node, `deep import of ${specifier}`)];
  return allows(layers[home]!, specifier) ? [] : [problemAt(node, `${home} must not import ${specifier}`)];
}

/** Dependencies of ours that the layers do not allow, and any other runtime dependency of a library package. */
function manifestProblems({ path, text }: SourceFile): Problem[] {
  const home = /^(.+)\/package\.json$/.exec(path)?.[1];
  if (home === undefined || layers[home] === undefined) return [];
  const manifest = JSON.parse(text) as { readonly dependencies?: Readonly<Record<string, string>> };
  return Object.keys(manifest.dependencies ?? {}).flatMap((name) => {
    const isOurs = name.startsWith("@mmrace/");
    if (isOurs ? allows(layers[home]!, name) : !home.startsWith("packages/")) return [];
    const why = isOurs
      ? "the layers do not allow it"
      : "library packages have no runtime dependencies of others";
    return [{ path, line: 1, message: `dependency ${name}: ${why}` }];
  });
}

/** Cycles of imports that exist at run time. Types vanish, so a cycle of types orders nothing. */
function cycles(imports: readonly Import[]): Problem[] {
  const next = new Map<string, Import[]>();
  for (const one of imports) {
    if (one.isTypeOnly || !one.specifier.startsWith(".")) continue;
    next.set(one.from, [...(next.get(one.from) ?? []), one]);
  }
  const problems: Problem[] = [];
  const done = new Set<string>();
  const visit = (path: string, trail: readonly string[]): void => {
    if (done.has(path)) return;
    for (const { specifier, node } of next.get(path) ?? []) {
      const target = posix.join(posix.dirname(path), specifier);
      const at = [...trail, path].indexOf(target);
      if (at >= 0)
        problems.push(
          problemAt(node, `import cycle: ${[...trail, path].slice(at).join(" -> ")} -> ${target}`),
        );
      else visit(target, [...trail, path]);
    }
    done.add(path);
  };
  for (const path of next.keys()) visit(path, []);
  return problems;
}

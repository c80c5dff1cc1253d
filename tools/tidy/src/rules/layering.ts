/** Imports between packages: downwards as the layers say, through public entries, of declared dependencies. */

import { posix } from "node:path";
import { layers, SHARED_PRIVATE } from "../house.ts";
import { allImports, type Import } from "../imports.ts";
import { manifestsIn, packageName, type Manifest } from "../manifest.ts";
import type { Problem, SourceFile } from "../source-file.ts";
import { problemAt } from "../syntax.ts";

/** Checks every import of every package. */
export function layering(files: readonly SourceFile[]): Problem[] {
  const manifests = manifestsIn(files);
  return allImports(files).flatMap((one) => {
    const home = manifests.find(({ folder }) => one.from.startsWith(`${folder}/`));
    const message = home === undefined ? undefined : complaint(one, home, manifests);
    return message === undefined ? [] : [problemAt(one.node, message)];
  });
}

function complaint(
  { from, specifier }: Import,
  home: Manifest,
  manifests: readonly Manifest[],
): string | undefined {
  if (specifier.startsWith(".")) {
    const target = posix.join(posix.dirname(from), specifier);
    return target.startsWith(`${home.folder}/`)
      ? undefined
      : `${specifier} leaves ${home.folder}: import the package by name`;
  }
  const name = packageName(specifier);
  const target = manifests.find((manifest) => manifest.name === name);
  const isPublished = new RegExp(`^${home.folder}/(src|fuzz)/`).test(from) && home.folder in layers;
  if (target === undefined) return isPublished ? undeclared(specifier, home) : undefined;
  if (!publicEntries(target).includes(specifier)) return `${specifier} is no public entry of ${name}`;
  if (isPublished) {
    return layers[home.folder]!.includes(name) ? undefined : `${home.folder} must not import ${specifier}`;
  }
  const isPrivate = target.private === true && !SHARED_PRIVATE.includes(name);
  return isPrivate ? `nothing imports ${name}` : undefined;
}

/** Packages of the root, such as the test runner, can be found from every package; that does not make them its own. */
function undeclared(specifier: string, home: Manifest): string | undefined {
  const isDeclared = packageName(specifier) in { ...home.dependencies, ...home.peerDependencies };
  return isDeclared || specifier.startsWith("node:")
    ? undefined
    : `${home.name} does not depend on ${specifier}`;
}

function publicEntries({ name, exports = {} }: Manifest): readonly string[] {
  return Object.keys(exports).map((subpath) => posix.join(name, subpath));
}

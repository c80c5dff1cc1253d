/** What package.json and tsconfig.json say agrees with the layers, with the imports, and with each other. */

import { posix } from "node:path";
import ts from "typescript";
import { FOREIGN_PEERS, layers, SIDE_EFFECTS } from "../house.ts";
import { allImports } from "../imports.ts";
import { manifestsIn, packageName, type Exports, type Manifest } from "../manifest.ts";
import type { Problem, SourceFile } from "../source-file.ts";

/** Checks the root and every package that has a place in the layers. */
export function manifests(files: readonly SourceFile[]): Problem[] {
  const all = manifestsIn(files);
  const root = all.find(({ folder }) => folder === ".");
  const layered = all.filter(({ folder }) => folder in layers);
  return [
    ...(root === undefined ? [] : rootProblems(root)),
    ...layered.flatMap((manifest) => [
      ...dependencyProblems(manifest, files),
      ...(manifest.private === true ? [] : publishingProblems(manifest, root, files)),
    ]),
  ];
}

function problem({ folder }: Manifest, message: string): Problem {
  return { path: posix.join(folder, "package.json"), line: 1, message };
}

/** npm refuses to install, or even to look at, a root whose dependencies use a protocol that it does not know. */
function rootProblems(root: Manifest): Problem[] {
  return Object.entries({ ...root.dependencies, ...root.devDependencies })
    .filter(([, version]) => !/^\d/.test(version))
    .map(([name, version]) => problem(root, `${name}: ${version} is not a plain version`));
}

function dependencyProblems(manifest: Manifest, files: readonly SourceFile[]): Problem[] {
  const { folder, dependencies = {}, peerDependencies = {}, optionalDependencies = {} } = manifest;
  const ours = Object.keys(dependencies).filter((name) => name.startsWith("@mmrace/"));
  const isLibrary = folder.startsWith("packages/");
  const peers = Object.keys(peerDependencies).filter(
    (name) => FOREIGN_PEERS[folder]?.includes(name) !== true,
  );
  const foreign = [...Object.keys({ ...dependencies, ...optionalDependencies }), ...peers];
  const imported = new Set(
    allImports(files.filter(({ path }) => path.startsWith(`${folder}/src/`))).map((one) =>
      packageName(one.specifier),
    ),
  );
  const messages = [
    ...ours
      .filter((name) => !layers[folder]!.includes(name))
      .map((name) => `dependency ${name}: the layers do not allow it`),
    ...ours
      .filter((name) => dependencies[name] !== "workspace:^")
      .map((name) => `dependency ${name}: write workspace:^`),
    ...Object.keys(dependencies)
      .filter((name) => isLibrary && !imported.has(name))
      .map((name) => `dependency ${name}: nothing in src imports it`),
    ...foreign
      .filter((name) => isLibrary && !name.startsWith("@mmrace/"))
      .map((name) => `dependency ${name}: library packages have no runtime dependencies of others`),
    // What is not published is not built.
    ...(manifest.private === true ? [] : referenceMessages(manifest, ours, files)),
  ];
  return messages.map((message) => problem(manifest, message));
}

/** Project references are how `tsc -b` knows the order. */
function referenceMessages(
  { folder }: Manifest,
  ours: readonly string[],
  files: readonly SourceFile[],
): string[] {
  const config = files.find(({ path }) => path === `${folder}/tsconfig.json`);
  if (config === undefined) return ["no tsconfig.json"];
  const { config: parsed } = ts.parseConfigFileTextToJson(config.path, config.text) as {
    config: { readonly references?: readonly { readonly path: string }[] };
  };
  const referenced = (parsed.references ?? []).map(({ path }) => posix.join(folder, path)).toSorted();
  const expected = ours.map((name) => name.replace("@mmrace/", "packages/")).toSorted();
  return referenced.join() === expected.join()
    ? []
    : [`tsconfig.json refers to [${referenced.join(", ")}], the dependencies are [${expected.join(", ")}]`];
}

/** What a stranger sees of a package. */
function publishingProblems(
  manifest: Manifest,
  root: Manifest | undefined,
  files: readonly SourceFile[],
): Problem[] {
  const { folder, exports = {}, publishConfig = {} } = manifest;
  const expected: readonly (readonly [what: string, found: unknown, expected: unknown])[] = [
    ["license", manifest.license, "Apache-2.0"],
    ["type", manifest.type, "module"],
    ["engines.node", manifest.engines?.["node"], root?.engines?.["node"]],
    ["repository.directory", manifest.repository?.directory, folder],
    ["publishConfig.access", publishConfig.access, "public"],
    ["sideEffects", manifest.sideEffects, sideEffectsOf(folder)],
    ["publishConfig.exports", publishConfig.exports ?? exports, withoutSource(exports)],
    ...["README.md", "LICENSE"].map(
      (name) => [name, files.some(({ path }) => path === `${folder}/${name}`), true] as const,
    ),
  ];
  return expected
    .filter(([, found, wanted]) => JSON.stringify(found) !== JSON.stringify(wanted))
    .map(([what, found, wanted]) =>
      problem(manifest, `${what} is ${JSON.stringify(found)}, expected ${JSON.stringify(wanted)}`),
    );
}

function sideEffectsOf(folder: string): Manifest["sideEffects"] {
  return SIDE_EFFECTS[folder] ?? (folder.startsWith("packages/") ? false : undefined);
}

/** Our own tools read sources through a condition of their own; outside there is none. */
function withoutSource(exports: Exports): Exports {
  const entries = Object.entries(exports).map(([subpath, target]) => {
    if (typeof target === "string") return [subpath, target];
    const { "@mmrace/source": _, ...rest } = target;
    return [subpath, rest];
  });
  return Object.fromEntries(entries) as Exports;
}
